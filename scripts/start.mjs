// Runs the main example in a fresh clone: node scripts/start.mjs [what examples/code-search takes]
import { spawnSync } from "node:child_process";
import { join } from "node:path";

import { build } from "./build.mjs";
import { ROOT } from "./lib/paths.mjs";
import { prepare } from "./lib/prepare.mjs";

const EXAMPLE = join(ROOT, "examples/code-search/main.mjs");

function main() {
  if (!prepare() || !build()) return 1;
  // In a process of its own, as users run it, and where they are: paths in its arguments are theirs.
  const cwd = process.env.INIT_CWD ?? process.cwd();
  const { status } = spawnSync(process.execPath, [EXAMPLE, ...process.argv.slice(2)], {
    cwd,
    stdio: "inherit",
  });
  return status ?? 1;
}

process.exitCode = main();
