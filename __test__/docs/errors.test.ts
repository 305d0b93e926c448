import { readFileSync, readdirSync } from "node:fs";

import test from "ava";
import * as klaw from "klaw-runtime";

const ROOT = new URL("../../", import.meta.url);
const page = readFileSync(new URL("docs/guide/errors.md", ROOT), "utf8");
/** As a literal: comments and templates name others. */
const CODE = /"(ERR_KLAW_[A-Z_]*[A-Z])"/g;

function codesIn(folder: string): string[] {
  const files = readdirSync(new URL(folder, ROOT), { recursive: true, encoding: "utf8" });
  return files
    .filter((file) => file.endsWith(".ts"))
    .map((file) => readFileSync(new URL(`${folder}${file}`, ROOT), "utf8"))
    .flatMap((text) => Array.from(text.matchAll(CODE), ([, code]) => code!));
}

test("errors.md names every code", (t) => {
  const [codes, named] = [new Set(codesIn("src/")), new Set(page.match(/ERR_KLAW_[A-Z_]*[A-Z]/g))];
  t.true(codes.size > 40);
  t.deepEqual(
    [...codes].filter((code) => !named.has(code)),
    [],
  );
});

test("errors.md names every public class of errors", (t) => {
  const classes = Object.entries(klaw).filter(
    ([, value]) => typeof value === "function" && value.prototype instanceof Error,
  );
  t.true(classes.length > 10);
  for (const [name] of classes) t.true(page.includes(`\`${name}\``), name);
});
