import { directory, sessions } from "../helpers/session.ts";

import { readFileSync } from "node:fs";
import { join } from "node:path";

import test, { type ExecutionContext } from "ava";
import { ActorDiedError, ActorUnavailableError, getActor, init, kill, terminate } from "klaw-runtime";

import { Counters } from "../actors-under-test/counter.ts";
import { Gates } from "../actors-under-test/gate.ts";
import { Mortals } from "../actors-under-test/mortal.ts";
import { isAlive } from "../helpers/processes.ts";
import { until } from "../helpers/until.ts";

/** A file of one's own, in which an actor notes what it does. */
let files = 0;
const file = (): string => join(directory, `log-${files++}`);
const notes = (log: string): string[] => readFileSync(log, "utf8").trim().split("\n");

test.before(() => init({ numCpus: 8 }));
test.after.always(async (t) => {
  await (await init()).shutdown();
  t.deepEqual(
    sessions().filter((name) => !name.startsWith("log")),
    [],
    "nothing is left",
  );
});

async function died(t: ExecutionContext, call: Promise<unknown>): Promise<ActorDiedError> {
  return (await t.throwsAsync(call, { instanceOf: ActorDiedError, code: "ERR_KLAW_ACTOR_DIED" }))!;
}

test("a call whose actor was killed in it rejects with the signal; the actor is dead", async (t) => {
  const log = file();
  const mortal = await Mortals.create(log);
  const [ran, behind] = [mortal.killed(), mortal.note("behind")];
  const error = await died(t, ran);
  t.is(error.details.signal, 9);
  t.deepEqual([error.mayHaveRun, error.restartsLeft], [true, 0]);
  t.is((await died(t, behind)).mayHaveRun, false);
  const later = await died(t, mortal.note("later"));
  t.is(later.mayHaveRun, false);
  t.is(later.details.signal, 9, "and says why for ever");
  t.deepEqual(notes(log), ["made", "killed"]);
});

test("an actor that exits dies with its code and what it wrote last", async (t) => {
  for (const code of [0, 1, 137]) {
    const error = await died(t, (await Mortals.create()).exit(code));
    t.is(error.details.exitCode, code);
    t.deepEqual(error.lastLogLines.toSorted(), ["about to exit", `with ${code}`]);
  }
});

test("what nobody catches ends the actor, not the call that is done", async (t) => {
  for (const method of ["throwLater", "rejectUnheard"] as const) {
    const mortal = await Mortals.create();
    await mortal[method]().catch(() => {});
    const error = await died(t, mortal.slowNote("late", 60_000));
    t.is(error.details.exitCode, 1);
    t.true(error.lastLogLines.some((line) => /nobody (catches|hears) this/.test(line)));
  }
});

test("maxRestarts: it comes back, and calls that had not started wait for it", async (t) => {
  const log = file();
  const mortal = await Mortals.options({ maxRestarts: 2 }).create(log);
  const calls = [mortal.killed(), mortal.note("second life"), mortal.killed(), mortal.note("third life")];
  const [first, second, third, fourth] = await Promise.allSettled(calls);
  t.deepEqual([first!.status, third!.status], ["rejected", "rejected"]);
  t.is(((first as PromiseRejectedResult).reason as ActorDiedError).restartsLeft, 2);
  t.deepEqual(
    [second, fourth],
    [
      { status: "fulfilled", value: "second life" },
      { status: "fulfilled", value: "third life" },
    ],
  );
  t.is((await died(t, mortal.killed())).restartsLeft, 0);
  await died(t, mortal.note("never"));
  t.deepEqual(notes(log), [
    "made",
    "killed",
    "made",
    "second life",
    "killed",
    "made",
    "third life",
    "killed",
  ]);
});

test("maxTaskRetries: the call that was running is sent again, in its place", async (t) => {
  const log = file();
  const mortal = await Mortals.options({ maxRestarts: -1, maxTaskRetries: 3 }).create(log);
  t.deepEqual(await Promise.all([mortal.dieUntil(2, log), mortal.note("behind")]), [3, "behind"]);
  t.deepEqual(notes(log), ["made", "tried", "made", "tried", "made", "tried", "behind"]);

  const twice = file();
  const other = await Mortals.options({ maxRestarts: -1 }).create(twice);
  await died(t, other.dieUntil.options({ maxTaskRetries: 1 })(9, twice));
  t.is(notes(twice).filter((note) => note === "tried").length, 2);
});

test("kill: at once, without hooks, also a call that spins", async (t) => {
  const log = file();
  const mortal = await Mortals.create(log);
  const pid = await mortal.pid();
  const spins = mortal.spin();
  const behind = mortal.note("behind");
  spins.catch(() => {});
  await kill(mortal);
  t.false(isAlive(pid), "it is gone when kill resolves");
  t.is((await died(t, spins)).details.reason, "killed");
  await died(t, behind);
  await died(t, mortal.pid());
  await kill(mortal);
  t.deepEqual(notes(log), ["made"], "killed again is no error");
});

test("kill with noRestart: false is a death like any other", async (t) => {
  const mortal = await Mortals.options({ maxRestarts: 1 }).create();
  const pid = await mortal.pid();
  await kill(mortal, { noRestart: false });
  t.not(await mortal.pid(), pid);
  await kill(mortal, { noRestart: false });
  await died(t, mortal.pid());
});

test("terminate: what was called before it runs, then its dispose, then it is gone", async (t) => {
  const log = file();
  const mortal = await Mortals.create(log);
  const pid = await mortal.pid();
  const calls = [mortal.slowNote("first", 30), mortal.note("second")];
  const gone = terminate(mortal);
  t.deepEqual(await Promise.all(calls), ["first", "second"]);
  await gone;
  t.false(isAlive(pid));
  t.deepEqual(notes(log), ["made", "first", "second", "disposed"]);
  t.is((await died(t, mortal.note("late"))).details.reason, "terminated");
  await terminate(mortal);
});

test("terminate waits no longer than graceMs", async (t) => {
  const log = file();
  const mortal = await Mortals.options({ maxRestarts: 5 }).create(log);
  const spins = mortal.spin();
  spins.catch(() => {});
  await terminate(mortal, { graceMs: 50 });
  t.is((await died(t, spins)).restartsLeft, 0);
  t.deepEqual(notes(log), ["made"]);
});

test("await using terminates at the end of the block", async (t) => {
  const log = file();
  {
    await using mortal = await Mortals.create(log);
    await mortal.note("inside");
  }
  t.deepEqual(notes(log), ["made", "inside", "disposed"]);
});

test("names: unique in a namespace, and found by anybody", async (t) => {
  const first = await Counters.options({ name: "one" }).create(10);
  const found = await getActor<typeof Counters>("one");
  t.is(await found.inc(), 11);
  await t.throwsAsync(Counters.options({ name: "one" }).create(), { code: "ERR_KLAW_ACTOR_ALREADY_EXISTS" });
  const same = await Counters.options({ name: "one", getIfExists: true }).create(99);
  t.is(await same.inc(), 12);
  const other = await Counters.options({ name: "one", namespace: "other" }).create();
  t.is(await other.inc(), 1);
  await t.throwsAsync(getActor("two"), { code: "ERR_KLAW_ACTOR_NOT_FOUND", message: /"two".*"default"/ });
  await kill(first);
  await t.throwsAsync(getActor("one"), { code: "ERR_KLAW_ACTOR_NOT_FOUND" }, "a name is free again");
  t.is(await (await Counters.options({ name: "one" }).create()).inc(), 1);
});

test("getIfExists by many at once makes one", async (t) => {
  const wanted = Counters.options({ name: "the one", getIfExists: true });
  const handles = await Promise.all(Array.from({ length: 6 }, () => wanted.create()));
  const counts = await Promise.all(handles.map((handle) => handle.inc()));
  t.deepEqual(counts.toSorted(), [1, 2, 3, 4, 5, 6]);
});

test("a constructor that takes too long", async (t) => {
  const error = await died(t, Gates.options({ startTimeoutMs: 1 }).create() as Promise<unknown>);
  t.is(error.details.reason, "process-ended");
});

test("an actor that needs more CPUs than there are is dead at once", async (t) => {
  const error = await died(t, Counters.options({ numCpus: 9 }).create());
  t.is(error.details.reason, "unschedulable");
  t.regex(error.message, /more CPUs than there are/);
});

/** Makes an actor, and forgets it. */
async function forgotten(): Promise<{ pid: number; call?: Promise<string> }> {
  return { pid: await (await Counters.create()).pid() };
}

test("an actor ends with its last handle", async (t) => {
  const { pid } = await forgotten();
  t.true(isAlive(pid));
  await until(() => {
    globalThis.gc!();
    return !isAlive(pid);
  }, "the actor of which nobody has a handle is gone");
});

test("but not while its calls run", async (t) => {
  const call = (async () => (await Mortals.create()).slowNote("done", 300))();
  for (let n = 0; n < 10; n++) {
    globalThis.gc!();
    await new Promise((done) => setTimeout(done, 20));
  }
  t.is(await call, "done");
});

test("whileRestarting: a call that is not to wait is told that its actor is not there", async (t) => {
  const mortal = await Mortals.options({ maxRestarts: 1 }).create();
  const before = await mortal.pid();
  await died(t, mortal.killed());
  await t.throwsAsync(mortal.pid.options({ whileRestarting: "fail" })(), {
    instanceOf: ActorUnavailableError,
    code: "ERR_KLAW_ACTOR_UNAVAILABLE",
  });
  t.not(await mortal.pid(), before);
  t.throws(() => mortal.pid.options({ whileRestarting: "never" as "fail" }), {
    message: /wait/,
  });
});
