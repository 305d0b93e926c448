import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { wordProblems } from "./check-words.mjs";

// Put together here, so that the check passes over this file too.
const FORBIDDEN = [
  ["/ro", "ot/.cargo"],
  ["cd /wo", "rk/main"],
  ["https://regis", "try.npmjs.org/prettier"],
  ["regis", "try.example.internal"],
  ["static.", "crates.io"],
  ["index.", "crates.io"],
  ["http://deb.", "debian.org"],
  ["// FIX", "ME: later"],
  ["// XX", "X"],
  ["todo", '!("later")'],
  ["In a re", "al system this would be a lock"],
].map((parts) => parts.join(""));

for (const text of FORBIDDEN) {
  test(`finds: ${text}`, () => {
    const problems = wordProblems("a.txt", `first line\n${text}\n`);
    assert.equal(problems.length, 1, problems.join("\n"));
    assert.match(problems[0], /^a\.txt:2: /);
  });
}

const ALLOWED = [
  "https://example.org/work/plan",
  "__test__/work/a.ts",
  "crates/root/lib.rs",
  "self.registry.members.get(slot)",
  "Endpoints stand in a registry. It is a table.",
  "registry+https://github.com/rust-lang/crates.io-index",
  "mktemp klaw-XXXXXX",
];

for (const text of ALLOWED) {
  test(`allows: ${text}`, () => assert.deepEqual(wordProblems("a.txt", text), []));
}

test("the check does not match itself", () => {
  const path = join(import.meta.dirname, "check-words.mjs");
  assert.deepEqual(wordProblems(path, readFileSync(path, "utf8")), []);
});
