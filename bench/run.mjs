// Runs the benchmarks of the TypeScript side and prints their tables: npm run bench [-- WORD]
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { build } from "../scripts/build.mjs";
import { prepare } from "../scripts/lib/prepare.mjs";
import { machine } from "./lib/machine.mjs";
import { printTable } from "./lib/table.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));

const rate = (kilo) => (kilo === undefined ? "-" : `${(kilo / 1_000).toFixed(kilo < 10_000 ? 3 : 1)}`);
const trip = ([middle, late]) => `${middle.toFixed(2)} / ${late.toFixed(2)}`;

const TABLES = [
  {
    title: "Messages one by one, M/s (klaw and zeromq await each; the others have no bound)",
    rows: async () => (await import("./channels/index.mjs")).rates("oneByOne"),
    cell: rate,
  },
  {
    title: "Messages in batches of 1,000, M/s",
    rows: async () => (await import("./channels/index.mjs")).rates("batched"),
    cell: rate,
  },
  {
    title: "Round trips, µs, median / p99",
    rows: async () => (await import("./channels/index.mjs")).trips(),
    cell: trip,
  },
  {
    title: "Calls, k/s (each awaited by whoever made it)",
    rows: async () => (await import("./calls/index.mjs")).rates(),
    cell: (kilo) => kilo.toFixed(1),
  },
  {
    title: "Starts, ms, median / p99",
    rows: async () => (await import("./calls/index.mjs")).starts(),
    cell: trip,
  },
];

/** What we compare with is installed apart: the package and its tests need none of it. */
function installPeers() {
  if (existsSync(new URL("node_modules", import.meta.url))) return true;
  console.log("Installing what we compare with (npm ci in bench/)");
  return spawnSync("npm", ["ci", "--ignore-scripts"], { cwd: HERE, stdio: "inherit" }).status === 0;
}

async function main([word = ""]) {
  if (!prepare() || !build() || !installPeers()) return false;
  for (const line of machine()) console.log(line);
  for (const { title, rows, cell } of TABLES.filter((table) => table.title.includes(word))) {
    printTable(title, await rows(), cell);
  }
  const { init } = await import("klaw-runtime");
  await (await init()).shutdown();
  return true;
}

process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1;
