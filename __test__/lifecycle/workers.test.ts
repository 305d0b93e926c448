import "../helpers/session.ts";

import { setTimeout as delay } from "node:timers/promises";

import test from "ava";
import { ActorDiedError, WorkerCrashedError, init } from "klaw-runtime";

import { Counters } from "../actors-under-test/counter.ts";
import { Mortals } from "../actors-under-test/mortal.ts";
import { square, pid as pidOfWorker } from "../actors-under-test/work.ts";
import { Drivers, type End } from "../helpers/driver.ts";
import { isAlive } from "../helpers/processes.ts";
import { until } from "../helpers/until.ts";

test.before(() => init({ numCpus: 4 }));
test.after.always(async () => (await init()).shutdown());

const PRINTER = `
  import { actor, init } from "klaw-runtime";
  export class Printer {
    print(count) {
      for (let n = 0; n < count; n++) console.log("line " + n);
      console.error("to stderr");
      process.stdout.write("no end of line");
    }
    pid() { return process.pid }
  }
  export const Printers = actor(Printer);
`;

test("what workers write is shown line by line, with its source", async (t) => {
  using drivers = new Drivers({
    "printer.mjs": PRINTER,
    "main.mjs": `
      import { init, terminate } from "klaw-runtime";
      import { Printers } from "./printer.mjs";
      const runtime = await init({ logToDriver: process.argv[2] !== "quiet" });
      const printer = await Printers.create();
      await printer.print(2_000);
      console.log("pid: " + (await printer.pid()));
      await terminate(printer);
      // Lines come over another way than answers: whoever reads them says when they are there.
      const stays = setInterval(() => {}, 1_000);
      process.once("SIGTERM", () => { clearInterval(stays); void runtime.shutdown() });
      console.log("terminated: yes");
    `,
  });
  const run = async (...args: string[]): Promise<End> => {
    const driver = drivers.start("main.mjs", ...args);
    await driver.says("terminated");
    const isThere = (): boolean => driver.stdout.includes("no end of line") && driver.stderr !== "";
    if (args.length === 0) await until(isThere, "what the actor wrote last");
    driver.process.kill("SIGTERM");
    return driver.end();
  };
  const shown = await run();
  const pid = /^pid: (.*)$/m.exec(shown.stdout)![1];
  const source = `(Printer pid=${pid}) `;
  const lines = shown.stdout.split("\n").filter((line) => line.startsWith(source));
  t.deepEqual(lines, [
    ...Array.from({ length: 2_000 }, (_, n) => `${source}line ${n}`),
    `${source}no end of line`,
  ]);
  t.is(shown.stderr, `${source}to stderr\n`);

  const quiet = await run("quiet");
  t.regex(quiet.stdout, /^pid: \d+\nterminated: yes\n$/);
  t.is(quiet.stderr, "");
});

test("a worker that crashes is quoted in the error, twenty lines at most", async (t) => {
  const mortal = await Mortals.create();
  const error = await t.throwsAsync(mortal.chatter(50), { instanceOf: ActorDiedError });
  t.deepEqual(
    error.lastLogLines,
    Array.from({ length: 20 }, (_, n) => `chatter ${n + 30}`),
  );
});

test.serial("a worker that is killed while it is idle is replaced", async (t) => {
  const pids = new Set(await Promise.all([pidOfWorker(50), pidOfWorker(50)]));
  for (const pid of pids) process.kill(pid, "SIGKILL");
  t.is(await square(3), 9);
  await until(() => [...pids].every((pid) => !isAlive(pid)), "the workers are gone");
  t.is(await square(4), 16);
});

test.serial("a call that is on its way to a worker that was just killed is tried again", async (t) => {
  for (let round = 0; round < 5; round++) {
    const pid = await pidOfWorker(0);
    process.kill(pid, "SIGKILL");
    t.deepEqual(await Promise.all([square(1), square(2), square(3)]), [1, 4, 9]);
    const crashes = pidOfWorker.options({ maxRetries: 0 })(0);
    const outcome = await crashes.then(String, (error: Error) => error);
    t.true(typeof outcome === "string" || outcome instanceof WorkerCrashedError);
  }
});

test.serial("a worker is started before it is needed", async (t) => {
  await Counters.create();
  // Until there is a spare one.
  await delay(500);
  const start = performance.now();
  const counter = await Counters.create();
  const created = performance.now();
  await counter.inc();
  t.log(
    `created in ${(created - start).toFixed(1)} ms, first call in ${(performance.now() - created).toFixed(2)} ms`,
  );
  t.pass();
});

test("an idle actor that is killed is dead, or comes back", async (t) => {
  const [once, again] = await Promise.all([Mortals.create(), Mortals.options({ maxRestarts: -1 }).create()]);
  for (const actor of [once, again]) process.kill(await actor.pid(), "SIGKILL");
  const error = await t.throwsAsync(once.slowNote("late", 60_000), { instanceOf: ActorDiedError });
  t.is(error.details.signal, 9);
  // Its death may be known only when the call was on its way: then it may have run, which is told.
  await again.pid().catch(() => {});
  t.true(isAlive(await again.pid()));
});

test("a worker that was stopped is slow, not dead", async (t) => {
  const mortal = await Mortals.create();
  const pid = await mortal.pid();
  process.kill(pid, "SIGSTOP");
  const call = mortal.note("after a while");
  await t.throwsAsync(mortal.pid.options({ timeoutMs: 100 })(), { code: "ERR_KLAW_GET_TIMEOUT" });
  t.true(isAlive(pid));
  process.kill(pid, "SIGCONT");
  t.is(await call, "after a while");
});
