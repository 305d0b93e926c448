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
const PROGRAM = /^```(js|ts)\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?/gms;
/** First line of a module that the programs of its page import. */
const MODULE = /^\/\/ ([\w-]+\.mjs)\n/;
/** Before a line that a worker has written. */
const SOURCE = /^(\(\S+ pid=)\d+\)/gm;

const run = promisify(execFile);

for (const page of readdirSync(GUIDE)) {
  const folder = new URL(`${page}/`, PROGRAMS);
  mkdirSync(folder, { recursive: true });
  const text = readFileSync(new URL(page, GUIDE), "utf8");
  for (const [n, [, language, program, printed]] of [...text.matchAll(PROGRAM)].entries()) {
    const name = MODULE.exec(program!)?.[1];
    const file = new URL(name ?? `program-${n + 1}.${language === "ts" ? "ts" : "mjs"}`, folder);
    writeFileSync(file, program!);
    if (name !== undefined) continue;
    test(`${page}, program ${n + 1}`, async (t) => {
      const flags = language === "ts" ? ["--import", "tsx"] : [];
      const { stdout, stderr } = await run(process.execPath, [...flags, fileURLToPath(file)]);
      t.is(stderr, "");
      t.is(stdout.replaceAll(SOURCE, "$14711)"), printed ?? "");
    });
  }
}

test.after.always((t) => {
  t.deepEqual(sessions(), [], "nothing is left");
});
