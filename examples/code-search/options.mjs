// What the program is asked to do.
import { existsSync } from "node:fs";
import { availableParallelism, homedir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const USAGE = `npm start -- [directory …] [options]

Indexes the text files below the directories and searches them. Default: what is always there, the sources of the npm packages
and of the Rust crates that this checkout is built from.

  --query 'words "a phrase"'   prints the best files; can be given several times
  --interactive                asks for queries on the terminal
  --chaos                      kills a tokenizer and a shard every second
  --no-verify                  leaves out the comparison with one plain process
  --json                       prints one JSON object and nothing else
  --tokenizers N, --shards N   processes; default: one a CPU of each
  --limit-mb N                 text that is indexed at most, in megabytes; default: 512`;

const CHECKOUT = fileURLToPath(new URL("../..", import.meta.url));
const CPUS = availableParallelism();

/** @typedef {ReturnType<typeof readOptions>} Options */

export function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    allowNegative: true,
    options: {
      query: { type: "string", multiple: true, default: [] },
      interactive: { type: "boolean", default: false },
      chaos: { type: "boolean", default: false },
      verify: { type: "boolean", default: true },
      json: { type: "boolean", default: false },
      tokenizers: { type: "string", default: String(CPUS) },
      shards: { type: "string", default: String(CPUS) },
      "limit-mb": { type: "string", default: "512" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    process.exit();
  }
  return {
    ...values,
    directories: positionals.length > 0 ? positionals.map((path) => resolve(path)) : alwaysThere(),
    tokenizers: Number(values.tokenizers),
    shards: Number(values.shards),
    limitBytes: Number(values["limit-mb"]) * 1e6,
  };
}

function alwaysThere() {
  const cargo = process.env["CARGO_HOME"] ?? join(homedir(), ".cargo");
  return [join(CHECKOUT, "node_modules"), join(cargo, "registry/src")].filter((path) => existsSync(path));
}
