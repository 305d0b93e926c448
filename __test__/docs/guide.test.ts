import { sessions } from "../helpers/session.ts";

import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import test from "ava";

const GUIDE = new URL("../../docs/guide/", import.meta.url);
/** Inside of the package, so that its programs import it by name, as users do. */
const PROGRAMS = new URL("../../target/guide/", import.meta.url);
/** A program, and what it prints. */
const PROGRAM = /^```js\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?/gms;

const run = promisify(execFile);

mkdirSync(PROGRAMS, { recursive: true });
for (const page of readdirSync(GUIDE)) {
  const text = readFileSync(new URL(page, GUIDE), "utf8");
  for (const [n, [, program, printed]] of [...text.matchAll(PROGRAM)].entries()) {
    test(`${page}, program ${n + 1}`, async (t) => {
      const file = new URL(`${page}.${n + 1}.mjs`, PROGRAMS);
      writeFileSync(file, program!);
      const { stdout, stderr } = await run(process.execPath, [fileURLToPath(file)]);
      t.is(stderr, "");
      t.is(stdout, printed ?? "");
    });
  }
}

test.after.always((t) => {
  t.deepEqual(sessions(), [], "nothing is left");
});
