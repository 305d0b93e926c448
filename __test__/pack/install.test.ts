import { directory } from "../helpers/session.ts";

import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import test from "ava";

import { ROOT, installed } from "./installed.ts";

/** The code blocks of the README in this language. */
function readmeBlocks(language: string): [string, ...string[]] {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const blocks = readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"));
  return Array.from(blocks, ([, code]) => code!) as [string, ...string[]];
}

test("the README's first program runs from the packed tarballs, without Rust", async (t) => {
  t.timeout(180_000);
  const { folder, node } = await installed();
  const modules = join(folder, "node_modules");
  const binaries = readdirSync(modules, { recursive: true }).filter((path) => String(path).endsWith(".node"));
  t.is(binaries.length, 1, "one binary, this platform's");
  const { scripts, dependencies } = JSON.parse(
    readFileSync(join(modules, "klaw-runtime/package.json"), "utf8"),
  ) as Record<string, unknown>;
  t.deepEqual([scripts, dependencies], [undefined, undefined], "no lifecycle scripts, no dependencies");

  const [program] = readmeBlocks("js");
  t.true(program.split("\n").length < 20);
  writeFileSync(join(folder, "quick-start.mjs"), program);
  const printed = await node("quick-start.mjs");
  const [expected] = readmeBlocks("text");
  t.is(printed, expected);

  const inWorker = `new (require("node:worker_threads").Worker)("./quick-start.mjs")`;
  t.is(await node("--eval", inWorker), expected);
  t.deepEqual(readdirSync(join(directory, "sessions")), [], "nothing is left");
});
