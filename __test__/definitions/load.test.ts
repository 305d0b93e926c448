import test from "ava";

import type { DefinitionIdentity } from "../../src/definitions/index.ts";
import { Project, type Outcome } from "./project.ts";

const A = `import { actor, task, init } from "face";`;
const PRINT = (...names: string[]): string =>
  `if (!process.env.AS_WORKER) for (const made of [${names}]) console.log(JSON.stringify(made));`;

/** Drives main.mjs, then loads all that it said in one worker. */
async function both(project: Project): Promise<[Outcome, ...Outcome[]]> {
  return (await project.work(await project.drive("main.mjs"))) as [Outcome, ...Outcome[]];
}

test("a file that was changed", async (t) => {
  const text = `${A} const f = task(function f(x) { return x }); ${PRINT("f")}`;
  using project = new Project({ "main.mjs": text });
  const identities = await project.drive("main.mjs");
  project.write("main.mjs", `${text} // edited`);
  const [{ error }] = (await project.work(identities)) as [Outcome];
  t.is(error!.code, "ERR_KLAW_DEFINITION_CHANGED");
  t.true(error!.message.includes(project.url("main.mjs")));
});

test("a file that is not there", async (t) => {
  using project = new Project({});
  const identity: DefinitionIdentity = {
    kind: "task",
    module: project.url("no.mjs"),
    name: "f",
    hash: "0".repeat(16),
  };
  const [{ error }] = (await project.work([identity])) as [Outcome];
  t.is(error!.code, "ERR_KLAW_DEFINITION_NOT_FOUND");
  t.is(error!.name, "DefinitionNotFoundError");
  t.is(error!.cause!.code, "ENOENT");
});

test("an import that ends without it, or with another kind of that name", async (t) => {
  using project = new Project({
    "main.mjs": `${A}
      const f = task(function f(x) { return x });
      const late = process.env.AS_WORKER ? 0 : task(function late() {});
      ${PRINT("f", "late", `{ ...f, kind: "actor" }`)}`,
  });
  const [f, late, kind] = await both(project);
  t.deepEqual(f, { called: 3 });
  for (const outcome of [late, kind]) t.is(outcome!.error!.code, "ERR_KLAW_DEFINITION_NOT_FOUND");
  t.regex(late!.error!.message, /the task "late" of file:.*main\.mjs/);
});

test("an import that fails", async (t) => {
  using project = new Project({
    "main.mjs": `${A}
      const before = task(function before(x) { return x });
      if (process.env.AS_WORKER) throw new TypeError("on purpose");
      const after = task(function after(x) { return x });
      ${PRINT("before", "after")}`,
  });
  const [before, after] = await both(project);
  t.deepEqual(before, { called: 3 }, "it was there");
  t.is(after!.error!.code, "ERR_KLAW_DEFINITION_NOT_FOUND");
  t.is(after!.error!.cause!.name, "TypeError");
  t.regex(after!.error!.message, /on purpose/);
});

test("a failure below the definition is told", async (t) => {
  using project = new Project({
    "main.mjs": `${A}
      const told = new Promise((tell) => process.once("warning", ({ message }) => tell(message)));
      const f = task(() => told);
      await 1;
      if (process.env.AS_WORKER) throw new TypeError("on purpose");
      ${PRINT("f")}`,
  });
  const [{ called }] = await both(project);
  t.regex(called as string, /the task "#1" of file:.*on purpose/);
});

const RUNTIME = `import { init } from "face"; export const runtime = await init();`;

test("init() in a module that the definition's module imports", async (t) => {
  using project = new Project({
    "runtime.mjs": RUNTIME,
    "main.mjs": `import "./runtime.mjs"; ${A} const f = task(function f() {}); ${PRINT("f")}`,
  });
  const [{ error }] = await both(project);
  t.is(error!.code, "ERR_KLAW_INIT_BEFORE_DEFINITION");
  t.true(error!.message.includes(project.url("main.mjs")));
  t.true(error!.message.includes(project.url("runtime.mjs")));
});

test("init() above the definition", async (t) => {
  using project = new Project({
    "main.mjs": `${A}
      import { other } from "./other.mjs";
      const above = task(function above(x) { return x });
      await init();
      const below = task(function below() {});
      ${PRINT("above", "below", "other")}`,
    "other.mjs": `${A} await 1; export const other = task(function other() {});`,
  });
  const [above, below, other] = await both(project);
  t.deepEqual([above, other], [{ called: 3 }, {}]);
  t.is(below!.error!.code, "ERR_KLAW_INIT_BEFORE_DEFINITION");
  t.regex(below!.error!.message, /move the definition above it/);
});

test("after that, a load ends with it rather than never", async (t) => {
  using project = new Project({
    "runtime.mjs": RUNTIME,
    "one.mjs": `import "./runtime.mjs"; ${A} export const one = task(function one() {});`,
    "two.mjs": `import "./runtime.mjs"; ${A} export const two = task(function two() {});`,
    "main.mjs": `import { one } from "./one.mjs"; import { two } from "./two.mjs"; ${PRINT("one", "two")}`,
  });
  const outcomes = await both(project);
  t.deepEqual(
    outcomes.map(({ error }) => error!.code),
    ["ERR_KLAW_INIT_BEFORE_DEFINITION", "ERR_KLAW_INIT_BEFORE_DEFINITION"],
  );
});

test("init() that is not awaited holds up nothing", async (t) => {
  using project = new Project({
    "runtime.mjs": `import { init } from "face"; export const ready = init();`,
    "main.mjs": `import { ready } from "./runtime.mjs"; ${A}
      const f = task(function f(x) { return x }); await ready; ${PRINT("f")}`,
  });
  t.deepEqual(await both(project), [{ called: 3 }]);
});

test("init() of a module that is done is nothing to the others that are being loaded", async (t) => {
  using project = new Project({
    "slow.mjs": `${A} await new Promise((done) => setTimeout(done, 50));
      export const slow = task(function slow(x) { return x });`,
    "start.mjs": `${A} export async function start() { await 1; await init(); }`,
    "main.mjs": `${A}
      import { start } from "./start.mjs";
      const f = task(function f(x) { return -x });
      await start();
      const { slow } = await import("./slow.mjs");
      ${PRINT("f", "slow")}`,
  });
  t.deepEqual(await both(project), [{ called: -3 }, { called: 3 }]);
});
