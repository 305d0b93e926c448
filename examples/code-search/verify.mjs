// Compares the index with that of one plain process.
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const REFERENCE = fileURLToPath(new URL("reference.mjs", import.meta.url));
const WORDS_PER_PAGE = 1_000;

/**
 * @typedef {object} Reference What one plain process says of the same files.
 * @property {number} seconds From its start until its index was there.
 * @property {number} files
 * @property {number} bytes
 * @property {number} words
 * @property {string[]} digests One a shard.
 *
 * @typedef {object} Verdict
 * @property {Reference} reference
 * @property {string | undefined} difference Undefined if both are the same, entry for entry.
 */

/**
 * @param {import("./shard.mjs").ShardHandle[]} shards
 * @param {string[]} digests Of the shards.
 * @param {string[]} args Directories and limit, for reference.mjs.
 * @returns {Promise<Verdict>}
 */
export async function verify(shards, digests, args) {
  const allArgs = [...args, "--shards", String(shards.length)];
  const reference = /** @type {Reference} */ (JSON.parse(await text(run(allArgs).stdout)));
  const at = digests.findIndex((digest, shard) => digest !== reference.digests[shard]);
  const shard = shards[at];
  if (shard === undefined) return { reference, difference: undefined };
  const printing = run([...allArgs, "--entries", String(at)]);
  const difference = await firstDifference(entriesOf(shard), createInterface({ input: printing.stdout }));
  // It waits for somebody to read the rest.
  printing.kill();
  return { reference, difference: `shard ${at}: ${difference ?? "the same entries have another digest"}` };
}

/** @param {string[]} args */
function run(args) {
  return spawn(process.execPath, [REFERENCE, ...args], { stdio: ["ignore", "pipe", "inherit"] });
}

/** @param {import("./shard.mjs").ShardHandle} shard */
async function* entriesOf(shard) {
  for (let word = 0; ; word += WORDS_PER_PAGE) {
    const page = await shard.lines(word, word + WORDS_PER_PAGE);
    if (page.length === 0) return;
    yield* page;
  }
}

/**
 * @param {AsyncIterable<string>} ours
 * @param {AsyncIterable<string>} theirs
 * @returns {Promise<string | undefined>}
 */
export async function firstDifference(ours, theirs) {
  const others = theirs[Symbol.asyncIterator]();
  for await (const entry of ours) {
    const other = await others.next();
    if (other.value !== entry) return `has "${entry}", expected "${other.value ?? "no more"}"`;
  }
  const rest = await others.next();
  return rest.done ? undefined : `ends, expected "${rest.value}"`;
}
