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
 *
 * @typedef {object} Batch
 * @property {number[]} files
 * @property {Uint8Array} parts One for each of the files; serialized, because after a crash only `files` is looked at.
 */

export class Shard extends Vital {
  #journal;
  /** @type {Set<number>} The files that are in the journal. */
  #files = new Set();
  /** @type {InvertedIndex | undefined} All that is in the journal; undefined after a crash, until somebody asks for it. */
  #index;

  /**
   * A shard that is made anew after a crash finds what the one before it had acknowledged.
   *
   * @param {string} journalPath
   */
  constructor(journalPath) {
    super();
    this.#journal = new Journal(journalPath);
    for (const batch of this.#batches()) this.#remember(batch);
    if (this.#files.size === 0) this.#index = new InvertedIndex();
  }

  /**
   * Adds the parts of some files. What it has returned from is kept, come what may; a call that comes again adds nothing.
   *
   * @param {Uint8Array} record A serialized batch: what travels is what the journal holds.
   */
  add(record) {
    /** @type {Batch} */
    const batch = deserialize(record);
    // A batch that comes again is the same batch: all of its files are known, or none.
    if (batch.files.some((file) => this.#files.has(file))) return;
    this.#journal.append(record);
    this.#remember(batch);
    if (this.#index !== undefined) addParts(this.#index, batch);
  }

  /** Resolves when it can be searched without delay. */
  ready() {
    this.#searchable();
  }

  #searchable() {
    if (this.#index !== undefined) return this.#index;
    const index = new InvertedIndex();
    for (const batch of this.#batches()) addParts(index, batch);
    return (this.#index = index);
  }

  /** @returns {Generator<Batch, void, void>} */
  *#batches() {
    for (const record of this.#journal.records()) yield deserialize(record);
  }

  /** @param {Batch} batch */
  #remember({ files }) {
    for (const file of files) this.#files.add(file);
  }

  /** @param {string} word */
  postings(word) {
    return this.#searchable().postings(word);
  }

  digest() {
    const index = this.#searchable();
    return { words: index.size, digest: index.digest() };
  }

  /**
   * The entries of some words in the order of the alphabet.
   *
   * @param {number} firstWord
   * @param {number} endWord
   */
  lines(firstWord, endWord) {
    return [...this.#searchable().lines(firstWord, endWord)];
  }
}

/**
 * @param {InvertedIndex} index
 * @param {Batch} batch
 */
function addParts(index, batch) {
  /** @type {Part[]} */
  const parts = deserialize(batch.parts);
  for (const { file, words, counts, positions } of parts) {
    let from = 0;
    for (const [at, word] of words.entries()) {
      const to = from + (counts[at] ?? 0);
      index.add(word, file, positions, from, to);
      from = to;
    }
  }
}

export const Shards = actor(Shard, { maxRestarts: -1, maxTaskRetries: -1 });

/** @typedef {import("klaw-runtime").HandleOf<typeof Shards>} ShardHandle */
