import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import test from "ava";

import { Project } from "./project.ts";

const run = promisify(execFile);
const TSX = ["--import", import.meta.resolve("tsx")];
/** Says what the driver hands out, once for all: a worker may get here too. */
const PRINT = (...names: string[]): string =>
  `if (!process.env.AS_WORKER) for (const made of [${names}]) console.log(JSON.stringify(made));`;

/** In ES modules, with the types of `tsx` or none. */
const SQUARE = (n: string, type = ""): string => `
  import { actor, task, init } from "face";
  import { half } from "./half.${n}";
  export const square = task(function square(x${type}) { return x * x + half; });
  export const triple = task((x${type}) => x * 3);
  export const Counters = actor(class Counter {
    #n; constructor(n${type}) { this.#n = n; }
    call() { return this.#n + 1; }
  });
  await init();
  ${PRINT("square", "triple", "Counters")}
`;
const CALLED = [{ called: 9.5 }, { called: 9 }, { called: 4 }];

test("a program of one ES module", async (t) => {
  using project = new Project({ "main.mjs": SQUARE("mjs"), "half.mjs": "export const half = 0.5;" });
  const identities = await project.drive("main.mjs");
  t.deepEqual(
    identities.map(({ kind, module, name }) => [kind, module, name]),
    [
      ["task", project.url("main.mjs"), "square"],
      ["task", project.url("main.mjs"), "#1"],
      ["actor", project.url("main.mjs"), "Counter"],
    ],
  );
  for (const { hash } of identities) t.regex(hash, /^[0-9a-f]{16}$/);
  t.deepEqual(await project.work(identities), CALLED);
});

test("a CommonJS program", async (t) => {
  using project = new Project({
    "main.cjs": `
      const { actor, task } = require("./face.cjs");
      exports.square = task(function square(x) { return x * x + half; });
      exports.triple = task((x) => x * 3);
      exports.Counters = actor(class Counter { constructor(n) { this.n = n } call() { return this.n + 1 } });
      const half = 0.5;
      ${PRINT("exports.square", "exports.triple", "exports.Counters")}
    `,
    // Without the warning of a Node.js to which requiring an ES module is new.
    "face.cjs": `process.removeAllListeners("warning"); module.exports = require("face");`,
  });
  t.deepEqual(await project.work(await project.drive("main.cjs")), CALLED);
});

for (const type of ["module", "commonjs"]) {
  test(`a TypeScript program under tsx, in a package of type ${type}`, async (t) => {
    const main =
      type === "module"
        ? SQUARE("ts", ": number")
        : // Top-level await is not for CommonJS.
          SQUARE("ts", ": number").replace("await init();", "void init();");
    using project = new Project(
      {
        "package.json": JSON.stringify({ type }),
        "main.ts": main,
        "half.ts": "enum Halves { One = 0.5 } export const half = Halves.One;",
      },
      TSX,
    );
    const identities = await project.drive("main.ts");
    t.is(identities[0]!.module, project.url("main.ts"));
    t.deepEqual(await project.work(identities), CALLED);
  });
}

test("a TypeScript program whose types Node.js strips", async (t) => {
  if (!("typescript" in process.features) || !process.features.typescript) {
    t.log(`not run: Node.js ${process.version} does not strip types`);
    t.pass();
    return;
  }
  using project = new Project({
    "main.mts": SQUARE("mts", ": number"),
    "half.mts": "export const half: number = 0.5;",
  });
  t.deepEqual(await project.work(await project.drive("main.mts")), CALLED);
});

test("a minified bundle, with names and module given", async (t) => {
  using project = new Project({
    "src/main.mjs": `
      import { init } from "face";
      import { double, Doubler } from "./double.mjs";
      await init();
      ${PRINT("double", "Doubler")}
    `,
    "src/double.mjs": `
      import { actor, task } from "face";
      const module = import.meta.url;
      export const double = task(function double(x) { return twice(x); }, { name: "double", module });
      export const Doubler = actor(class Doubler { constructor(n) { this.n = n } call() { return twice(this.n) } },
        { name: "Doubler", module });
      const twice = (x) => x * 2;
    `,
  });
  const esbuild = fileURLToPath(import.meta.resolve("esbuild/bin/esbuild"));
  const flags = ["--bundle", "--minify", "--format=esm", "--external:face", "--outfile=dist/main.mjs"];
  await run(esbuild, [join(project.folder, "src/main.mjs"), ...flags], { cwd: project.folder });
  const identities = await project.drive("dist/main.mjs");
  t.is(identities[0]!.module, project.url("dist/main.mjs"));
  t.deepEqual(await project.work(identities), [{ called: 6 }, { called: 6 }]);
});
