import test from "ava";

import { Drivers, type End } from "../helpers/driver.ts";

const DEFINITIONS = `
  import { actor, init, task } from "klaw-runtime";
  export class Hog {
    kept = [];
    array() { for (;;) this.kept.push(new Array(100_000).fill(this.kept.length)) }
    string() { let text = "x"; for (;;) { text += text + this.kept.length; this.kept.push([...text]) } }
    fine() { return "fine" }
  }
  export const Hogs = actor(Hog);
  export class Odd {
    constructor(how) {
      if (how === "exits") process.exit(5);
      if (how === "is killed") process.kill(process.pid, "SIGKILL");
      if (how !== "is fine") for (;;);
    }
    fine() { return "fine" }
  }
  export const Odds = actor(Odd);
  export const spins = task(function spins() { for (;;); });
  export const fine = task(function fine() { return "fine" });
  /** What a promise comes to, in a line. */
  export async function tell(name, promise) {
    const text = await promise.then(String, ({ code, message, details }) => JSON.stringify({ code, message, ...details }));
    console.log(name + ": " + text);
  }
`;

const program = (main: string, options = "{ numCpus: 4 }"): Record<string, string> => ({
  "definitions.mjs": DEFINITIONS,
  "main.mjs": `
    import { init, kill } from "klaw-runtime";
    import { Hogs, Odds, fine, spins, tell } from "./definitions.mjs";
    const runtime = await init(${options});
    ${main}
    await runtime.shutdown();
  `,
});

/** The lines that `tell` has printed. */
function told({ stdout }: End): Record<string, string> {
  return Object.fromEntries(
    Array.from(stdout.matchAll(/^([a-z ]+): (.*)$/gm), ([, name, text]) => [name, text]),
  );
}

test("an actor whose heap is full dies alone, and is quoted", async (t) => {
  using drivers = new Drivers(
    program(`
      for (const how of ["array", "string"]) {
        const [hog, other] = await Promise.all([Hogs.options({ maxRestarts: 1 }).create(), Hogs.create()]);
        await tell(how, hog[how]());
        await tell(how + " again", hog.fine());
        await tell(how + " other", other.fine());
      }
    `),
  );
  const end = await drivers.start("--max-old-space-size=40", "main.mjs").end();
  const lines = told(end);
  for (const how of ["array", "string"]) {
    const { code, signal, lastLogLines } = JSON.parse(lines[how]!) as Record<string, unknown>;
    t.deepEqual([code, signal], ["ERR_KLAW_ACTOR_DIED", 6], end.stdout);
    t.regex((lastLogLines as string[]).join("\n"), /heap out of memory/);
    t.deepEqual([lines[`${how} again`], lines[`${how} other`]], ["fine", "fine"]);
  }
});

test("a constructor that ends its process is a death like any other", async (t) => {
  using drivers = new Drivers(
    program(`
      for (const how of ["exits", "is killed"]) await tell(how, Odds.options({ maxRestarts: 1 }).create(how));
      await tell("others", Odds.create("is fine").then((odd) => odd.fine()));
    `),
  );
  const end = await drivers.start("main.mjs").end();
  const lines = told(end);
  const [exits, killed] = [lines.exits!, lines["is killed"]!].map((line) => JSON.parse(line) as object);
  t.like(exits, { code: "ERR_KLAW_ACTOR_DIED", exitCode: 5 });
  t.like(killed, { code: "ERR_KLAW_ACTOR_DIED", signal: 9 });
  t.is(lines.others, "fine");
});

test("a constructor that never ends, and a module that never does", async (t) => {
  using drivers = new Drivers({
    ...program(`
      const { Slows } = await import("./slow.mjs");
      const limit = { startTimeoutMs: 400 };
      await tell("constructor", Odds.options(limit).create("spins"));
      await tell("module", Slows.options(limit).create());
      const odd = Odds.remote("spins");
      const call = odd.fine();
      await kill(odd);
      await tell("killed", call);
      await tell("others", fine());
    `),
    "slow.mjs": `
      import { actor, isDriver } from "klaw-runtime";
      if (!isDriver) await new Promise((done) => setTimeout(done, 600_000));
      export class Slow {}
      export const Slows = actor(Slow);
    `,
  });
  const end = await drivers.start("main.mjs").end();
  const lines = told(end);
  for (const name of ["constructor", "module"]) {
    t.regex(lines[name]!, /was not ready in time and was killed \(startTimeoutMs\)/, name);
  }
  t.is((JSON.parse(lines.killed!) as { reason: string }).reason, "killed");
  t.is(lines.others, "fine");
});

test("a task that spins is given up; its worker is lost to others until it ends", async (t) => {
  using drivers = new Drivers(
    program(
      `
      await tell("spins", spins.options({ timeoutMs: 200 })());
      await tell("others", fine());
    `,
      "{ numCpus: 2 }",
    ),
  );
  const lines = told(await drivers.start("main.mjs").end());
  t.regex(lines.spins!, /ERR_KLAW_GET_TIMEOUT/);
  t.is(lines.others, "fine");
});

test("a driver without file descriptors keeps its actors, and says what is missing", async (t) => {
  using drivers = new Drivers({
    ...program(`
      import { openSync, closeSync } from "node:fs";
      const odd = await Odds.create("is fine");
      const open = [];
      try { for (;;) open.push(openSync("/dev/null")) } catch (error) { console.log("full: " + error.code) }
      await tell("alive", odd.fine());
      const made = Odds.create("is fine").then((made) => made.fine());
      made.catch(() => {});
      await new Promise((done) => setTimeout(done, 500));
      for (const each of open) closeSync(each);
      await tell("alive too", odd.fine());
      await tell("made", made);
      await tell("next", Odds.create("is fine").then((odd) => odd.fine()));
    `),
    "limited.mjs": `
      import { spawnSync } from "node:child_process";
      const command = "ulimit -n 128; exec " + process.execPath + " main.mjs";
      process.exitCode = spawnSync("sh", ["-c", command], { stdio: "inherit" }).status;
    `,
  });
  const end = await drivers.start("limited.mjs").end();
  const lines = told(end);
  t.is(end.how, 0, end.stderr);
  t.is(lines.full, "EMFILE");
  t.deepEqual([lines.alive, lines["alive too"], lines.next], ["fine", "fine", "fine"]);
  t.true(
    lines.made === "fine" || (JSON.parse(lines.made!) as { code: string }).code.startsWith("ERR_KLAW_"),
    lines.made,
  );
  t.log(lines.made);
});

test("eight runtimes side by side, of which four are killed, are nothing to each other", async (t) => {
  using drivers = new Drivers(
    program(
      `
      console.log("session: " + runtime.sessionId);
      const odd = await Odds.create("is fine");
      console.log("ready: yes");
      const stays = setInterval(() => {}, 1_000);
      await new Promise((done) => process.once("SIGTERM", done));
      clearInterval(stays);
      await tell("alive", odd.fine());
      await tell("task", fine());
    `,
      "{ numCpus: 1 }",
    ),
  );
  const all = Array.from({ length: 8 }, () => drivers.start("main.mjs"));
  const ids = await Promise.all(all.map((driver) => driver.says("session")));
  t.is(new Set(ids).size, 8);
  await Promise.all(all.map((driver) => driver.says("ready")));
  for (const [n, driver] of all.entries()) driver.process.kill(n % 2 === 0 ? "SIGKILL" : "SIGTERM");
  const ends = await Promise.all(all.map((driver) => driver.end()));
  for (const [n, end] of ends.entries()) {
    if (n % 2 === 0) t.is(end.how, "SIGKILL");
    else t.like(told(end), { alive: "fine", task: "fine" }, end.stderr);
  }
  t.deepEqual(await drivers.swept(ids), []);
});
