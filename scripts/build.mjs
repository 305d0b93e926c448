// Builds the package: the addon, dist/, and the rolled-up index.d.ts: node scripts/build.mjs
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";

import { ROOT, isMain, npmBin } from "./lib/paths.mjs";
import { prepare } from "./lib/prepare.mjs";
import { secondsSince } from "./lib/report.mjs";

const words = ([text]) => text.split(/\s+/);

const STEPS = [
  {
    name: "addon",
    command: npmBin("napi"),
    args: words`build --platform --release --no-js --manifest-path crates/klaw-node/Cargo.toml --output-dir .
      --dts src/native/binding.d.ts -- --locked`,
  },
  { name: "dist", command: npmBin("tsc"), args: ["--project", "tsconfig.json"] },
  {
    // From dist/, which knows nothing of what is marked as internal.
    name: "index.d.ts",
    command: npmBin("dts-bundle-generator"),
    args: words`--out-file index.d.ts --project tsconfig.json --no-banner --export-referenced-types false
      dist/index.d.ts`,
  },
];

/** Builds everything; prints a line a step, and what a failing step said. */
export function build() {
  // A module that is gone must not live on.
  rmSync(join(ROOT, "dist"), { recursive: true, force: true });
  return STEPS.every(run);
}

function run({ name, command, args }) {
  process.stdout.write(`build ${name.padEnd(12)}`);
  const start = performance.now();
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: Infinity,
  });
  console.log(`${status === 0 ? "ok" : "FAILED"} ${secondsSince(start)} s`);
  if (status !== 0) console.log(error?.message ?? `${stdout}${stderr}`);
  return status === 0;
}

if (isMain(import.meta)) process.exitCode = prepare() && build() ? 0 : 1;
