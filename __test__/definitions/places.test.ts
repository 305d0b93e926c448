import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import test, { type ExecutionContext } from "ava";

import { isTestFile } from "../../src/definitions/test-file.ts";
import { FACE, Project } from "./project.ts";

const NODE_MODULES = fileURLToPath(new URL("../../node_modules", import.meta.url));

/** Says the code with which a definition here is refused, or "defined". */
const TRY = `
  import { task } from "face";
  let outcome = "defined";
  try { task(function here() {}) } catch (error) { outcome = error.code ?? error.stack }
  console.log("outcome:", outcome);
`;
/** A module of its own, with a definition. */
const OWN = { "own.mjs": TRY };

function saw(
  t: ExecutionContext,
  { stdout, stderr }: { stdout: string; stderr: string },
  expected: readonly string[],
): void {
  const text = stdout + stderr;
  t.deepEqual(
    Array.from(text.matchAll(/outcome: (\S+)/g), ([, outcome]) => outcome),
    expected,
    text,
  );
}

const NO_MODULE = ["ERR_KLAW_DEFINITION_NO_MODULE"];

test("code without a file", async (t) => {
  using project = new Project({});
  const commonJs = TRY.replace('import { task } from "face"', 'const { task } = require("face")');
  const url = `data:text/javascript,${encodeURIComponent(TRY.replace("face", FACE))}`;
  saw(t, await project.node(["--input-type=module", "--eval", TRY]), NO_MODULE);
  saw(t, await project.node(["--eval", commonJs]), NO_MODULE);
  saw(t, await project.node(["--input-type=module", "-"], {}, TRY), NO_MODULE);
  saw(t, await project.node(["--interactive"], {}, commonJs), NO_MODULE);
  saw(t, await project.node(["--eval", `import(${JSON.stringify(url)})`]), NO_MODULE);
});

const IN_TEST_FILE = "ERR_KLAW_DEFINITION_IN_TEST_FILE";

test("under node:test", async (t) => {
  const text = `import test from "node:test"; import "./own.mjs"; ${TRY} test("passes", () => {});`;
  using project = new Project({ ...OWN, "one.test.mjs": text, "two.mjs": text });
  saw(t, await project.node(["--test", "two.mjs"]), ["defined", IN_TEST_FILE]);
  saw(t, await project.node(["one.test.mjs"]), ["defined", IN_TEST_FILE]);
  symlinkSync(join(project.folder, "two.mjs"), join(project.folder, "link.mjs"));
  saw(t, await project.node(["--test", "link.mjs"]), ["defined", IN_TEST_FILE]);
});

for (const threads of ["--worker-threads", "--no-worker-threads"]) {
  test(`under ava, ${threads}`, async (t) => {
    using project = new Project({
      ...OWN,
      "package.json": `{ "type": "module" }`,
      "checks.mjs": `import test from "ava"; import "./own.mjs"; ${TRY} test("passes", (t) => t.pass());`,
    });
    mkdirSync(join(project.folder, "node_modules"), { recursive: true });
    symlinkSync(join(NODE_MODULES, "ava"), join(project.folder, "node_modules/ava"));
    const cli = join(NODE_MODULES, "ava/entrypoints/cli.mjs");
    saw(t, await project.node([cli, "checks.mjs", threads]), ["defined", IN_TEST_FILE]);
  });
}

/** What vitest and jest leave in the environment and in globals, without them. */
const STATES: Record<string, (file: string) => string> = {
  vitest: (file) => `process.env.VITEST = "true"; globalThis.__vitest_worker__ = { filepath: ${file} };`,
  jest: (file) => `process.env.JEST_WORKER_ID = "1";
    globalThis[Symbol.for("$$jest-matchers-object")] = { state: { testPath: ${file} } };`,
};

for (const [runner, state] of Object.entries(STATES)) {
  test(`under what looks like ${runner}`, async (t) => {
    using project = new Project({
      ...OWN,
      "checks.mjs": TRY,
      "named.spec.mjs": TRY,
      "runner.mjs": `${state('import.meta.dirname + "/checks.mjs"')}
        for (const file of ["own", "checks", "named.spec"]) await import("./" + file + ".mjs");`,
    });
    saw(t, await project.node(["runner.mjs"]), ["defined", IN_TEST_FILE, IN_TEST_FILE]);
  });
}

test("by name, while a runner runs", (t) => {
  t.true(isTestFile(import.meta.url));
  t.true(isTestFile("file:///elsewhere/a.test.ts"));
  for (const url of ["file:///elsewhere/test.mjs", "file:///elsewhere/latest.js"]) t.false(isTestFile(url));
});
