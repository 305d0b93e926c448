// The processes that do the work.
import { join } from "node:path";

import { Shards } from "./shard.mjs";
import { Tokenizers } from "./tokenizer.mjs";
import { Walkers } from "./walker.mjs";

/**
 * @typedef {object} Crew
 * @property {import("klaw-runtime").HandleOf<typeof Walkers>} walker
 * @property {import("klaw-runtime").HandleOf<typeof Tokenizers>[]} tokenizers
 * @property {import("klaw-runtime").HandleOf<typeof Shards>[]} shards
 */

/**
 * @param {{ tokenizers: number, shards: number, journals: string }} options `journals`: a directory for those of the shards.
 * @returns {Promise<Crew>}
 */
export async function hire(options) {
  const shards = await Promise.all(
    range(options.shards).map((at) => Shards.create(join(options.journals, `shard-${at}`))),
  );
  const [walker, ...tokenizers] = await Promise.all([
    Walkers.create(),
    ...range(options.tokenizers).map(() => Tokenizers.create(shards)),
  ]);
  return { walker, tokenizers, shards };
}

/** @param {number} length */
function range(length) {
  return Array.from({ length }, (_, at) => at);
}
