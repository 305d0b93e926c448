// Runs every static check, all of them even after a failure: node scripts/lint.mjs
import { spawnSync } from "node:child_process";

import { ROOT, npmBin } from "./lib/paths.mjs";
import { prepare } from "./lib/prepare.mjs";
import { secondsSince } from "./lib/report.mjs";

const CHECKS = [
  { name: "cargo fmt", command: "cargo", args: ["fmt", "--all", "--check"] },
  {
    name: "clippy",
    command: "cargo",
    args: ["clippy", "--workspace", "--all-targets", "--all-features", "--locked", "--", "-D", "warnings"],
  },
  // Without crash points: what ships.
  {
    name: "clippy, release",
    command: "cargo",
    args: ["clippy", "--workspace", "--locked", "--", "-D", "warnings"],
  },
  {
    name: "cargo doc",
    command: "cargo",
    args: ["doc", "--workspace", "--no-deps", "--locked"],
    env: { RUSTDOCFLAGS: "-D warnings" },
  },
  { name: "types", command: npmBin("tsc"), args: ["--project", "tsconfig.json", "--noEmit"] },
  { name: "types, tests", command: npmBin("tsc"), args: ["--project", "__test__/tsconfig.json"] },
  { name: "types, examples", command: npmBin("tsc"), args: ["--project", "examples/tsconfig.json"] },
  {
    name: "oxlint",
    command: npmBin("oxlint"),
    args: ["--deny-warnings", "scripts", "src", "__test__", "bench", "examples"],
  },
  { name: "prettier", command: npmBin("prettier"), args: ["--check", "."] },
  { name: "layers", command: process.execPath, args: ["scripts/check-layers.mjs"] },
  { name: "words", command: process.execPath, args: ["scripts/check-words.mjs"] },
];

/** Runs one check and prints its line, and its output if it failed. */
function passes({ name, command, args, env }) {
  process.stdout.write(name.padEnd(16));
  const start = performance.now();
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    encoding: "utf8",
    maxBuffer: Infinity,
  });
  const passed = status === 0;
  console.log(`${passed ? "ok" : "FAILED"} ${secondsSince(start)} s`);
  if (!passed) console.log(error?.message ?? `${stdout}${stderr}`);
  return passed;
}

function main() {
  if (!prepare()) return false;
  const failed = CHECKS.filter((check) => !passes(check)).map(({ name }) => name);
  console.log(failed.length === 0 ? "lint: all checks passed" : `lint failed: ${failed.join(", ")}`);
  return failed.length === 0;
}

process.exitCode = main() ? 0 : 1;
