// What every script needs before it can run: node, a Rust toolchain and the npm packages.
import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { ROOT } from "./paths.mjs";

/** Checks the tools and installs the npm packages. Prints what is missing and returns false if it cannot. */
export function prepare() {
  const missing = [nodeProblem(), ...rustProblems()].filter((problem) => problem !== null);
  for (const problem of missing) console.error(`missing: ${problem}`);
  return missing.length === 0 && installPackages();
}

function nodeProblem() {
  const { engines } = JSON.parse(readText("package.json"));
  const wanted = engines.node.replace(">=", "");
  if (atLeast(process.versions.node, wanted)) return null;
  return `node ${wanted} or newer, found ${process.versions.node}. Get it from https://nodejs.org`;
}

function rustProblems() {
  const wanted = /channel = "([\d.]+)"/.exec(readText("rust-toolchain.toml"))[1];
  const problems = [];
  if (versionOf("cargo") === null) problems.push("cargo. Get it from https://rustup.rs");
  const rustc = versionOf("rustc");
  if (rustc === null || !atLeast(rustc, wanted)) {
    const found = rustc === null ? "" : `, found ${rustc}`;
    problems.push(`rustc ${wanted}${found}. Run \`rustup toolchain install ${wanted}\` (https://rustup.rs)`);
  }
  return problems;
}

function installPackages() {
  if (packagesAreCurrent()) return true;
  console.log("Installing npm packages (npm ci)");
  const { status } = spawnSync("npm", ["ci"], { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"] });
  if (status === 0) return true;
  console.error("npm ci failed: its message stands above. The packages are those in package-lock.json.");
  return false;
}

function packagesAreCurrent() {
  const installed = statSync(join(ROOT, "node_modules/.package-lock.json"), { throwIfNoEntry: false });
  return installed !== undefined && installed.mtimeMs >= statSync(join(ROOT, "package-lock.json")).mtimeMs;
}

function versionOf(tool) {
  const { stdout } = spawnSync(tool, ["--version"], { cwd: ROOT, encoding: "utf8" });
  return /\d+\.\d+\.\d+/.exec(stdout ?? "")?.[0] ?? null;
}

function atLeast(version, wanted) {
  return version.localeCompare(wanted, "en", { numeric: true }) >= 0;
}

function readText(path) {
  return readFileSync(join(ROOT, path), "utf8");
}
