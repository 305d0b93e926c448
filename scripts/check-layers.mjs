// Fails when a crate or module uses what its layer must not know: node scripts/check-layers.mjs
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { crateProblems, moduleProblems, rustProblems } from "./lib/layers.mjs";
import { ROOT, isMain, shown } from "./lib/paths.mjs";
import { reportProblems } from "./lib/report.mjs";

const RUST = /\.rs$/;
const MODULE = /\.[cm]?[jt]sx?$/;

/** Every breach of the layers in the cargo workspace at `root`, a line each. */
export function checkLayers(root) {
  return [
    ...crateProblems(workspacePackages(root)),
    ...problemsInFiles(root, ".", RUST, rustProblems),
    ...problemsInFiles(root, "src", MODULE, moduleProblems),
  ];
}

function workspacePackages(root) {
  const manifest = join(root, "Cargo.toml");
  const args = ["metadata", "--no-deps", "--format-version", "1", "--manifest-path", manifest];
  // Started in this repository, so that its toolchain answers for any `root`.
  const { status, stdout, stderr, error } = spawnSync("cargo", args, {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: Infinity,
  });
  if (status !== 0) throw new Error(`cargo metadata failed: ${error?.message ?? stderr}`);
  return JSON.parse(stdout).packages;
}

function problemsInFiles(root, folder, name, check) {
  return filesIn(join(root, folder), join(root, "target"))
    .filter((path) => name.test(path))
    .flatMap((path) => check(shown(root, path), readFileSync(path, "utf8")));
}

function filesIn(folder, buildOutput) {
  if (!existsSync(folder) || folder === buildOutput) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== "node_modules" && !name.startsWith("."))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesIn(path, buildOutput);
      return entry.isFile() ? [path] : [];
    });
}

if (isMain(import.meta)) reportProblems("layers", checkLayers(ROOT));
