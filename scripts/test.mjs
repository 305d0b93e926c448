// Runs every test suite: node scripts/test.mjs [--long]
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { build } from "./build.mjs";
import { addLine, noCounts } from "./lib/counts.mjs";
import { ROOT, npmBin, shown } from "./lib/paths.mjs";
import { prepare } from "./lib/prepare.mjs";
import { secondsSince } from "./lib/report.mjs";
import { stream } from "./lib/stream.mjs";

/** Crates with loom models: unit tests whose path contains `loom`. */
const LOOM_CRATES = ["klaw-shm", "klaw-channel"];

const PREEMPTIONS = { normal: 2, long: 3 };

function allSuites(long) {
  const env = long ? { KLAW_LONG: "1" } : {};
  const bound = long ? PREEMPTIONS.long : PREEMPTIONS.normal;
  const loom = LOOM_CRATES.map((crate) => loomSuite(crate, bound, env));
  const suites = [scriptSuite(), nodeSuite(env), rustSuite(env), ...loom];
  return long ? [...suites, sanitizerSuite()] : suites;
}

function scriptSuite() {
  const files = readdirSync(join(ROOT, "scripts"), { recursive: true })
    .filter((name) => name.endsWith(".test.mjs"))
    .map((name) => shown(ROOT, join(ROOT, "scripts", name)));
  return {
    name: "scripts",
    command: process.execPath,
    args: ["--test", "--test-reporter=tap", ...files.toSorted()],
  };
}

function nodeSuite(env) {
  return { name: "node", command: npmBin("ava"), args: ["--tap"], env };
}

function rustSuite(env) {
  return { name: "rust", command: "cargo", args: ["test", "--workspace", "--all-features", "--locked"], env };
}

function loomSuite(crate, preemptions, env) {
  return {
    name: `loom ${crate}`,
    command: "cargo",
    args: ["test", "-p", crate, "--features", "crash-points", "--release", "--locked", "--lib", "loom"],
    env: {
      ...env,
      RUSTFLAGS: `${process.env.RUSTFLAGS ?? ""} --cfg loom`.trim(),
      CARGO_TARGET_DIR: "target/loom",
      LOOM_MAX_PREEMPTIONS: String(preemptions),
    },
  };
}

/**
 * What runs in one process, under the address sanitizer. The compiler has it for the host without a nightly toolchain. Suites that
 * kill processes are left out: a killed process reports nothing.
 */
function sanitizerSuite() {
  const crates = ["klaw-shm", "klaw-channel", "klaw-core"].flatMap((crate) => ["-p", crate]);
  const tests = ["channel", "tokio", "event_loop", "agent"].flatMap((name) => ["--test", name]);
  const target = `${process.arch === "arm64" ? "aarch64" : "x86_64"}-unknown-linux-gnu`;
  return {
    name: "rust, ASan",
    command: "cargo",
    args: ["test", ...crates, "--all-features", "--locked", "--target", target, "--lib", ...tests],
    env: {
      RUSTC_BOOTSTRAP: "1",
      RUSTFLAGS: `${process.env.RUSTFLAGS ?? ""} -Zsanitizer=address`.trim(),
      CARGO_TARGET_DIR: "target/asan",
    },
  };
}

async function runSuite(suite) {
  console.log(`\n== ${suite.name}\n${commandLine(suite)}`);
  const start = performance.now();
  const counts = noCounts();
  const problem = (await stream(suite, (line) => addLine(counts, line))) ?? countProblem(counts);
  // A suite that fails without a failed test (it did not build, it crashed) is one failure.
  if (problem !== null && counts.failed === 0) counts.failed = 1;
  return { suite, counts, problem, seconds: secondsSince(start) };
}

function countProblem({ passed, failed }) {
  if (failed > 0) return `${failed} failed`;
  return passed === 0 ? "ran no test" : null;
}

async function runUntilFailure(suites) {
  const results = [];
  for (const suite of suites) {
    // One at a time, so that the first failure is the last output.
    const result = await runSuite(suite);
    results.push(result);
    if (result.problem !== null) break;
  }
  return results;
}

function commandLine({ command, args, env = {} }) {
  const assignments = Object.entries(env).map(([name, value]) => `${name}=${quoted(value)}`);
  return [...assignments, command, ...args].join(" ");
}

function quoted(value) {
  return value.includes(" ") ? `"${value}"` : value;
}

function printSummary(suites, results) {
  const width = Math.max(...suites.map(({ name }) => name.length));
  console.log(`\n${"suite".padEnd(width)}  seconds  outcome`);
  for (const [index, { name }] of suites.entries()) {
    const { seconds = "-", ...result } = results[index] ?? {};
    console.log(`${name.padEnd(width)}  ${seconds.padStart(7)}  ${outcome(result)}`);
  }
}

function outcome({ problem, counts }) {
  if (counts === undefined) return "not run";
  if (problem !== null) return `FAILED: ${problem}`;
  const ignored = counts.ignored > 0 ? `, ${counts.ignored} ignored` : "";
  return `ok: ${counts.passed} passed${ignored}`;
}

function printFailure({ suite, problem }) {
  console.log(`\n${suite.name} failed: ${problem}. To run it alone:\n  ${commandLine(suite)}`);
}

function sum(results, field) {
  return results.reduce((total, { counts }) => total + counts[field], 0);
}

async function main() {
  const { values } = parseArgs({ options: { long: { type: "boolean", default: false } } });
  if (!prepare() || !build()) return false;
  const suites = allSuites(values.long);
  const results = await runUntilFailure(suites);
  const failed = results.find(({ problem }) => problem !== null);
  if (failed) printFailure(failed);
  printSummary(suites, results);
  console.log(`${sum(results, "passed")} passed, ${sum(results, "failed")} failed`);
  return failed === undefined;
}

process.exitCode = (await main()) ? 0 : 1;
