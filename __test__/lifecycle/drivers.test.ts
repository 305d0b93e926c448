import { setTimeout as delay } from "node:timers/promises";

import test from "ava";

import { Drivers } from "../helpers/driver.ts";

const KILLS = process.env.KLAW_LONG === undefined ? 8 : 200;

const DEFINITIONS = `
  import { actor, init, task } from "klaw-runtime";
  export class Counter {
    #n = 0;
    inc() { return ++this.#n }
    print(text) { console.log(text) }
    async forever() { await new Promise(() => {}) }
  }
  export const Counters = actor(Counter);
  export const square = task(function square(x) { return x * x });
`;

/** The program is a single file, as in a first try: below init() it is the driver's. */
const program = (main: string): string => `${DEFINITIONS}
  const runtime = await init({ numCpus: 4 });
  console.log("session: " + runtime.sessionId);
  ${main}
`;

test("a driver that has nothing more to do ends by itself, with idle actors and spare workers", async (t) => {
  using drivers = new Drivers({
    "main.mjs": program(`
      globalThis.counter = await Counters.create();
      console.log(await counter.inc(), await square(3));
    `),
  });
  const { how, stdout, stderr } = await drivers.start("main.mjs").end();
  t.is(how, 0, stderr);
  t.regex(stdout, /^1 9$/m);
  t.deepEqual([drivers.processes(), drivers.sessions()], [[], []], "it ends when its workers are gone");
});

test("a driver that exits with calls in flight takes its workers along", async (t) => {
  using drivers = new Drivers({
    "exits.mjs": program(`
      const counter = await Counters.create();
      counter.forever(); square(2); Counters.remote().inc();
      process.exit(3);
    `),
    "throws.mjs": program(`
      const counter = await Counters.create();
      counter.forever();
      setImmediate(() => { throw new Error("on purpose") });
    `),
    "rejects.mjs": program(`
      const counter = await Counters.create();
      counter.forever();
      Promise.reject(new Error("on purpose"));
    `),
  });
  for (const [file, code] of Object.entries({ "exits.mjs": 3, "throws.mjs": 1, "rejects.mjs": 1 })) {
    const { how, stderr } = await drivers.start(file).end();
    t.is(how, code, file);
    if (code === 1) t.regex(stderr, /on purpose/);
    t.deepEqual([drivers.processes(), drivers.sessions()], [[], []], file);
  }
});

test("a driver that is killed at any moment leaves no process, and nothing after the next start", async (t) => {
  t.timeout(1_800_000);
  using drivers = new Drivers({
    "main.mjs": program(`
      const counters = Array.from({ length: 3 }, () => Counters.remote());
      for (;;) await Promise.all([...counters.map((counter) => counter.inc()), square(1)]);
    `),
  });
  const ids: string[] = [];
  for (let n = 0; n < KILLS; n++) {
    const driver = drivers.start("main.mjs");
    ids.push(await driver.says("session"));
    // From before its first worker is there until all of them are at work.
    await delay((n / KILLS) * 800 * Math.random());
    driver.process.kill("SIGKILL");
    t.is((await driver.end()).how, "SIGKILL");
  }
  t.deepEqual(await drivers.swept(ids), []);
});

test("init() again is the same runtime; after a shutdown a new one, which old handles are nothing to", async (t) => {
  using drivers = new Drivers({
    "main.mjs": program(`
      const say = (name, value) => console.log(name + ": " + value);
      say("same", (await init()) === runtime);
      const counter = await Counters.create();
      const inc = counter.inc;
      await inc();
      const [running, unsent] = [counter.forever(), Counters.remote().inc()];
      const made = Counters.create();
      await runtime.shutdown();
      for (const call of [running, unsent, made, inc(), square(2), Counters.create()]) {
        await call.then(() => say("unexpected", "a value"), (error) => say("code", error.code));
      }
      await runtime.shutdown();
      const next = await init();
      say("new", next !== runtime && next.sessionId !== runtime.sessionId);
      for (const call of [inc(), counter.inc()]) await call.catch((error) => say("old", error.code));
      const [fresh, squared] = await Promise.all([Counters.create(), square(4)]);
      say("fresh", [await fresh.inc(), squared]);
    `),
  });
  const { how, stdout, stderr } = await drivers.start("main.mjs").end();
  t.is(how, 0, stderr);
  const said = (name: string): string[] =>
    Array.from(stdout.matchAll(new RegExp(`^${name}: (.*)$`, "gm")), ([, text]) => text!);
  t.deepEqual(said("same"), ["true"]);
  t.deepEqual(said("code"), Array(6).fill("ERR_KLAW_NOT_INITIALIZED"));
  t.deepEqual(said("new"), ["true"]);
  t.deepEqual(said("old"), Array(2).fill("ERR_KLAW_NOT_INITIALIZED"));
  t.deepEqual(said("fresh"), ["1,16"]);
  t.deepEqual([said("unexpected"), drivers.processes(), drivers.sessions()], [[], [], []]);
});

const NAPS = `
  import { init, task } from "klaw-runtime";
  export const nap = task(async function nap(n) {
    console.log("napping");
    await new Promise((resolve) => setTimeout(resolve, 300));
    return n;
  });
  await init({ numCpus: 1, drainMs: Number(process.argv[2]) });
  for (let n = 0; ; n++) {
    if (n === 1) console.log("naps: now");
    console.log("woke: " + (await nap(n)));
  }
`;

test("Ctrl-C: what runs comes to its end, nothing new begins, and nothing is left", async (t) => {
  using drivers = new Drivers({ "naps.mjs": NAPS });
  const driver = drivers.start("naps.mjs", "60000");
  await driver.says("naps");
  driver.process.kill("SIGINT");
  const { how, stdout, stderr } = await driver.end();
  t.is(how, 130);
  t.is(stderr, "");
  const woken = [...stdout.matchAll(/^woke: (\d+)$/gm)].map(([, n]) => Number(n));
  t.true(woken.length === 2 || woken.length === 3, stdout);
  t.deepEqual([drivers.processes(), drivers.sessions()], [[], []]);
});

test("a second Ctrl-C ends it at once", async (t) => {
  using drivers = new Drivers({ "naps.mjs": NAPS.replace("300", "600_000") });
  const driver = drivers.start("naps.mjs", "600000");
  while (!driver.stdout.includes("napping")) await delay(5);
  driver.process.kill("SIGINT");
  await delay(200);
  driver.process.kill("SIGINT");
  t.is((await driver.end()).how, "SIGINT");
  t.deepEqual(await drivers.swept([]), []);
});
