import assert from "node:assert/strict";
import { test } from "node:test";

import { addLine, noCounts } from "./counts.mjs";

function count(lines) {
  const counts = noCounts();
  for (const line of lines) addLine(counts, line);
  return counts;
}

test("sums every result line of cargo", () => {
  const counts = count([
    "running 3 tests",
    "test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
    "test result: FAILED. 4 passed; 3 failed; 0 ignored; 0 measured; 9 filtered out; finished in 1.20s",
  ]);
  assert.deepEqual(counts, { passed: 6, failed: 3, ignored: 1 });
});

test("reads the closing lines of node's tap reporter", () => {
  const counts = count(["ok 1 - passes", "# tests 6", "# pass 4", "# fail 1", "# skipped 1"]);
  assert.deepEqual(counts, { passed: 4, failed: 1, ignored: 1 });
});

test("ignores result lines that a test prints inside another line", () => {
  const counts = count(["note: test result: ok. 5 passed; 0 failed; 0 ignored", "  # pass 5"]);
  assert.deepEqual(counts, noCounts());
});
