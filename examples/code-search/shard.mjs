// Holds the index of some words: those whose hash falls on it.
import { deserialize } from "node:v8";

import { actor } from "klaw-runtime";

import { InvertedIndex } from "./inverted-index.mjs";
import { Journal } from "./journal.mjs";
import { Vital } from "./vital.mjs";

/**
 * The words of one file that belong to one shard, how often each stands there, and all positions, one word's after the other's.
 *
 * @typedef {object} Part
 * @property {number} file
 * @property {string[]} words
 * @property {Uint32Array} counts
 * @property {Uint32Array} positions
 */

export class Shard extends Vital {
  #index = new InvertedIndex();
  /** @type {Set<number>} The files that are in the index. */
  #files = new Set();
  #journal;

  /**
   * A shard that is made anew after a crash reads what the one before it had acknowledged.
   *
   * @param {string} journalPath
   */
  constructor(journalPath) {
    super();
    this.#journal = new Journal(journalPath);
    for (const record of this.#journal.records()) this.#take(deserialize(record));
  }

  /**
   * Adds the parts of some files. What it returns from is kept, come what may; a call that comes a second time adds nothing.
   *
   * @param {Uint8Array} record Serialized parts: what travels is what the journal holds.
   */
  add(record) {
    const parts = this.#unknown(deserialize(record));
    if (parts.length === 0) return;
    this.#journal.append(record);
    this.#take(parts);
  }

  /** @param {Part[]} parts */
  #unknown(parts) {
    return parts.filter(({ file }) => !this.#files.has(file));
  }

  /** @param {Part[]} parts */
  #take(parts) {
    for (const { file, words, counts, positions } of this.#unknown(parts)) {
      this.#files.add(file);
      let from = 0;
      for (const [at, word] of words.entries()) {
        const to = from + (counts[at] ?? 0);
        this.#index.add(word, file, positions, from, to);
        from = to;
      }
    }
  }

  /** @param {string} word */
  postings(word) {
    return this.#index.postings(word);
  }

  digest() {
    return { words: this.#index.size, digest: this.#index.digest() };
  }

  /**
   * The entries of some words in the order of the alphabet.
   *
   * @param {number} firstWord
   * @param {number} endWord
   */
  lines(firstWord, endWord) {
    return [...this.#index.lines(firstWord, endWord)];
  }
}

export const Shards = actor(Shard, { maxRestarts: -1, maxTaskRetries: -1 });

/** @typedef {import("klaw-runtime").HandleOf<typeof Shards>} ShardHandle */
