import { sessions } from "../helpers/session.ts";

import { inspect } from "node:util";

import test from "ava";
import { InvalidArgumentError, actor, init, kill, terminate, type ActorHandle } from "klaw-runtime";

import { Counters } from "../actors-under-test/counter.ts";
import { Mirrors } from "../actors-under-test/mirror.ts";

test.before(() => init({ numCpus: 8 }));
test.after.always(async (t) => {
  await (await init()).shutdown();
  t.deepEqual(sessions(), [], "nothing is left");
});

test("an actor is a process with a state of its own", async (t) => {
  const counter = await Counters.create(10);
  t.is(await counter.inc(), 11);
  t.is(await counter.inc(4), 15);
  t.not(await counter.pid(), process.pid);

  const other = await Counters.create();
  t.is(await other.inc(), 1);
  t.not(await other.pid(), await counter.pid());
});

test("an actor that isn't there yet has a handle already; calls wait for it", async (t) => {
  const counter = Counters.remote(1);
  t.deepEqual(await Promise.all([counter.inc(), counter.inc(), counter.inc()]), [2, 3, 4]);
});

test("a handle has the methods and nothing else by name", async (t) => {
  const counter = await Counters.create();
  t.deepEqual(
    Object.keys(Object.getPrototypeOf(counter) as object),
    ["inc", "pid"],
    "what the class has, in its order",
  );
  const anything = counter as unknown as Record<string, unknown>;
  for (const name of ["incc", "then", "toJSON", "facts", "#count"]) {
    t.is(anything[name], undefined, name);
  }
  t.is(counter.inc, counter.inc, "a method is one function");
  t.is(counter.inc.name, "inc");
  t.is(inspect(counter), "ActorHandle (Counter)");
  const { inc } = counter;
  t.is(await inc(2), 2, "which needs no `this`");
  t.throws(() => {
    anything.inc = 1;
  });
});

test("a class whose handles would be promises is refused", (t) => {
  class Thenable {
    // oxlint-disable-next-line unicorn/no-thenable
    then(): void {}
  }
  t.throws(() => actor(Thenable as never), { instanceOf: InvalidArgumentError, message: /`then`/ });
  t.throws(() => actor((() => 1) as never), { instanceOf: InvalidArgumentError });
});

test("options that mean nothing are refused, before anything is made", async (t) => {
  for (const options of [
    { maxConcurrency: 0 },
    { maxConcurrency: 1.5 },
    { maxRestarts: -2 },
    { maxTaskRetries: Number.NaN },
    { maxPendingCalls: 0 },
    { numCpus: -1 },
    { startTimeoutMs: 0 },
    { name: "" },
    { getIfExists: true },
    { concurrencyGroups: { io: 0 } },
  ]) {
    const text = JSON.stringify(options);
    t.throws(() => Counters.options(options).remote(), { instanceOf: InvalidArgumentError }, text);
    await t.throwsAsync(Counters.options(options).create(), { instanceOf: InvalidArgumentError }, text);
  }
  const counter = await Counters.create();
  t.throws(() => counter.inc.options({ concurrencyGroup: "io" }), { message: /no concurrency group "io"/ });
  t.throws(() => counter.inc.options({ maxTaskRetries: -2 }), { instanceOf: InvalidArgumentError });
  await t.throwsAsync(counter.inc.options({ timeoutMs: -1 })(), { instanceOf: InvalidArgumentError });
  for (const wrong of [undefined, null, {}, "counter", Counters]) {
    await t.throwsAsync(kill(wrong as object), { instanceOf: InvalidArgumentError });
    await t.throwsAsync(terminate(wrong as object), { instanceOf: InvalidArgumentError });
  }
});

test("handles of one actor are handles of one actor", async (t) => {
  const [counter, mirror, other] = await Promise.all([Counters.create(), Mirrors.create(), Mirrors.create()]);
  const back = (await mirror.same(counter)) as typeof counter;
  t.is(await back.inc(), 1);
  t.is(await counter.inc(), 2);

  await mirror.keep({ deep: [{ counter }], text: "with it" });
  const kept = (await mirror.kept()) as { deep: { counter: typeof counter }[]; text: string };
  t.is(await kept.deep[0]!.counter.inc(), 3, "inside of an object, out of another process");
  t.is(kept.text, "with it");

  await other.keep(await mirror.kept());
  t.is(await mirror.inc(counter), 4, "called by an actor");
  t.is(await other.inc(((await other.kept()) as typeof kept).deep[0]!.counter), 5, "that went through two");
});

test("an actor calls itself by a handle that it was given", async (t) => {
  const counter = await Counters.create();
  const mirror = await Mirrors.create();
  await mirror.keep({ mirror, counter });
  const { mirror: again } = (await mirror.kept()) as { mirror: ActorHandle<{ same(n: number): number }> };
  t.is(await again.same(5), 5);
});

test("actors that could not be asked for leave nothing: more than a session has channels", async (t) => {
  for (let n = 0; n < 5_000; n++) {
    await t.throwsAsync(Counters.create((() => n) as never), { code: "ERR_KLAW_SERIALIZATION" });
  }
  t.is(await (await Counters.create()).inc(), 1);
});
