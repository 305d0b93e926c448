import { directory } from "../helpers/session.ts";

import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

import test, { type ExecutionContext } from "ava";

import { ROOT, installed, type Installed } from "./installed.ts";

const run = promisify(execFile);

interface Style {
  readonly types?: boolean;
  /** Whether definitions say their names and module. */
  readonly named?: boolean;
}

/** What every program here defines. */
function define({ types = false, named = false }: Style = {}): string {
  const as = (type: string): string => (types ? `: ${type}` : "");
  const options = (name: string): string => (named ? `, { name: "${name}", module: import.meta.url }` : "");
  return `
    export class Unlucky extends Error {}
    export class Account {
      #sum${as("number")};
      constructor(start${as("number")}) { this.#sum = start }
      add(n${as("number")}) { return (this.#sum += n) }
      fail() { throw new Unlucky("as always") }
    }
    export const Accounts = actor(Account${options("Account")});
    export const square = task(function square(x${as("number")}) { return x * x }${options("square")});
    export const sum = task(async function sum(n${as("number")}) {
      const [tx, rx] = channel${types ? "<number>" : ""}();
      await tx.sendMany(await Promise.all(Array.from({ length: n }, (_, x) => square(x))));
      tx.close();
      const account = await Accounts.create(0);
      let last = 0;
      for await (const each of rx) last = await account.add(each);
      return last;
    }${options("sum")});
  `;
}

/** What they do: an actor, a task, a task that calls tasks and makes an actor, and an error of the program's own. */
const USE = `
  const account = await Accounts.create(40);
  const error = await account.fail().catch((thrown) => thrown);
  console.log(JSON.stringify([await account.add(2), await square(3), await sum(5), error.message]));
`;
const EXPECTED = [42, 9, 30, "as always"];

const IMPORT = `import { actor, channel, init, task } from "klaw-runtime";`;
const MAIN = `const runtime = await init({ numCpus: 2 }); ${USE} await runtime.shutdown();`;

let project: Installed;

test.before(async (t) => {
  t.timeout(180_000);
  project = await installed();
  for (const tool of ["tsx", "esbuild", "get-tsconfig", "resolve-pkg-maps", "@esbuild", "ava"]) borrow(tool);
});

/** A tool of this repository, which the programs here may use. */
function borrow(tool: string): void {
  symlinkSync(join(ROOT, "node_modules", tool), join(project.folder, "node_modules", tool));
}

/** A folder of its own in the project; tests run at the same time. */
function write(files: Readonly<Record<string, string>>, type: "module" | "commonjs" = "module"): string {
  const folder = join(project.folder, `program-${programs++}`);
  for (const [path, text] of Object.entries({ "package.json": JSON.stringify({ type }), ...files })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}
let programs = 0;

async function prints(t: ExecutionContext, ...args: string[]): Promise<void> {
  const printed = await project.node(...args);
  t.deepEqual(JSON.parse(printed.trim().split("\n").at(-1)!), EXPECTED);
}

test("one file, an ES module", async (t) => {
  const folder = write({ "main.mjs": `${IMPORT} ${define()} ${MAIN}` });
  await prints(t, join(folder, "main.mjs"));
});

test("one file, a CommonJS module that requires the package", async (t) => {
  const main = `
    const { actor, channel, init, task } = require("klaw-runtime");
    ${define().replaceAll("export ", "")}
    async function main() { ${MAIN} }
    main();
  `;
  await prints(t, join(write({ "main.cjs": main }, "commonjs"), "main.cjs"));
});

test("a CommonJS program that imports the package and definitions dynamically", async (t) => {
  const folder = write(
    {
      "definitions.mjs": `${IMPORT} ${define()}`,
      "main.cjs": `
        async function main() {
          const { init } = await import("klaw-runtime");
          const { Accounts, square, sum } = await import("./definitions.mjs");
          ${MAIN}
        }
        main();
      `,
    },
    "commonjs",
  );
  await prints(t, join(folder, "main.cjs"));
});

for (const type of ["module", "commonjs"] as const) {
  test(`TypeScript under tsx, in a package of type ${type}`, async (t) => {
    const folder = write(
      {
        "definitions.ts": `${IMPORT} ${define({ types: true })}`,
        "main.ts": `
          import { init } from "klaw-runtime";
          import { Accounts, square, sum } from "./definitions.ts";
          async function main(): Promise<void> { ${MAIN.replace("(thrown)", "(thrown: Error)")} }
          void main();
        `,
      },
      type,
    );
    await prints(t, "--import=tsx", join(folder, "main.ts"));
  });
}

test("TypeScript whose types Node.js strips", async (t) => {
  if (!(process.features as { typescript?: unknown }).typescript) {
    t.log(`not run: Node.js ${process.version} does not strip types`);
    t.pass();
    return;
  }
  const folder = write({
    "main.ts": `${IMPORT} ${define({ types: true })} ${MAIN.replace("(thrown)", "(thrown: Error)")}`,
  });
  await prints(t, join(folder, "main.ts"));
});

test("a minified bundle, whose definitions say their names and module", async (t) => {
  const folder = write({
    "definitions.mjs": `${IMPORT} ${define({ named: true })}`,
    "main.mjs": `import { init } from "klaw-runtime"; import { Accounts, square, sum } from "./definitions.mjs"; ${MAIN}`,
  });
  const esbuild = join(ROOT, "node_modules/.bin/esbuild");
  const [from, to] = [join(folder, "main.mjs"), join(folder, "out/bundle.mjs")];
  await run(esbuild, [
    from,
    "--bundle",
    "--minify",
    "--format=esm",
    "--platform=node",
    "--external:klaw-runtime",
    `--outfile=${to}`,
  ]);
  await prints(t, to);
});

/** A test of the programs', which passes if they do. */
const testFile = (runner: string, body: string): string => `
  import { init } from "klaw-runtime";
  import { Accounts, square, sum } from "./definitions.mjs";
  ${runner}
  test("actors and tasks", async (t) => {
    const runtime = await init({ numCpus: 2 });
    const account = await Accounts.create(40);
    const all = [await account.add(2), await square(3), await sum(5)];
    await runtime.shutdown();
    ${body}
  });
`;

test("from a test file of node:test", async (t) => {
  const folder = write({
    "definitions.mjs": `${IMPORT} ${define()}`,
    "one.test.mjs": testFile(
      `import { deepEqual } from "node:assert/strict"; import test from "node:test";`,
      "deepEqual(all, [42, 9, 30]);",
    ),
  });
  t.regex(await project.node("--test", join(folder, "one.test.mjs")), /pass 1\b[\s\S]*fail 0\b/);
});

test("from a test file of ava", async (t) => {
  const folder = write({
    "definitions.mjs": `${IMPORT} ${define()}`,
    "one.test.mjs": testFile(`import test from "ava";`, "t.deepEqual(all, [42, 9, 30]);"),
  });
  const cli = join(ROOT, "node_modules/ava/entrypoints/cli.mjs");
  const { stdout } = await run(process.execPath, [cli, "one.test.mjs"], { cwd: folder });
  t.regex(stdout, /1 test passed/);
});

test("from a test file of vitest", async (t) => {
  t.timeout(180_000);
  const install = ["install", "--no-audit", "--no-fund", "--no-save", "--prefer-offline", "vitest"];
  const folder = write({
    "definitions.mjs": `${IMPORT} ${define()}`,
    "one.test.mjs": testFile(`import { expect, test } from "vitest";`, "expect(all).toEqual([42, 9, 30]);"),
  });
  try {
    await run("npm", install, { cwd: folder });
  } catch (error) {
    t.log(`not run: vitest can't be installed: ${String(error).split("\n").slice(0, 3).join(" ")}`);
    t.pass();
    return;
  }
  const cli = join(folder, "node_modules/vitest/vitest.mjs");
  const { stdout } = await run(process.execPath, [cli, "run"], {
    cwd: folder,
    env: { ...process.env, CI: "1" },
  });
  t.regex(stdout, /1 passed/);
});

test.after("nothing is left", (t) => {
  t.deepEqual(readdirSync(join(directory, "sessions")), []);
});
