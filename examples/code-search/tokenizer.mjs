// Reads files, splits them into words, and hands the words to the shards.
import { serialize } from "node:v8";

import { actor } from "klaw-runtime";

import { readText } from "./files.mjs";
import { Vital } from "./vital.mjs";
import { positionsOf, shardOf, wordsOf } from "./words.mjs";

/** @typedef {import("./shard.mjs").Part} Part */

export class Tokenizer extends Vital {
  #shards;

  /** @param {import("./shard.mjs").ShardHandle[]} shards */
  constructor(shards) {
    super();
    this.#shards = shards;
  }

  /**
   * Resolves when every shard has acknowledged every file.
   *
   * @param {import("./files.mjs").FoundFile[]} files
   * @returns {Promise<number[]>} How many words each file has.
   */
  async index(files) {
    /** @type {Part[][]} */
    const parts = this.#shards.map(() => []);
    const lengths = files.map(({ id, path }) => {
      const words = wordsOf(readText(path));
      for (const [shard, part] of this.#split(id, words).entries()) parts[shard]?.push(part);
      return words.length;
    });
    const ids = files.map(({ id }) => id);
    await Promise.all(
      this.#shards.map((shard, at) => shard.add(serialize({ files: ids, parts: serialize(parts[at]) }))),
    );
    return lengths;
  }

  /**
   * A part for each shard.
   *
   * @param {number} file
   * @param {string[]} words
   * @returns {Part[]}
   */
  #split(file, words) {
    const drafts = this.#shards.map(() => ({
      words: /** @type {string[]} */ ([]),
      counts: /** @type {number[]} */ ([]),
      positions: /** @type {number[]} */ ([]),
    }));
    for (const [word, positions] of positionsOf(words)) {
      const draft = drafts[shardOf(word, drafts.length)];
      draft?.words.push(word);
      draft?.counts.push(positions.length);
      for (const position of positions) draft?.positions.push(position);
    }
    return drafts.map((draft) => ({
      file,
      words: draft.words,
      counts: new Uint32Array(draft.counts),
      positions: new Uint32Array(draft.positions),
    }));
  }
}

export const Tokenizers = actor(Tokenizer, { maxRestarts: -1, maxTaskRetries: -1 });
