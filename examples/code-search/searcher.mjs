// Answers queries from the shards, the best files first.
import { actor } from "klaw-runtime";

import { readText } from "./files.mjs";
import { lineOf, shardOf, wordsOf } from "./words.mjs";

/**
 * @typedef {object} Hit
 * @property {string} path
 * @property {number} score
 * @property {number} line Where the first phrase of the query that is in the file stands first.
 * @property {string} text That line.
 *
 * @typedef {object} Occurrence A phrase in a file.
 * @property {number} file
 * @property {number} count
 * @property {number} first Position of the first.
 */

// The usual constants of BM25: how soon more of the same counts little, and how much long files are held back.
const SATURATION = 1.2;
const LENGTH_WEIGHT = 0.75;

export class Searcher {
  #shards;
  #files;
  #meanWords;

  /**
   * @param {import("./shard.mjs").ShardHandle[]} shards
   * @param {import("./coordinator.mjs").IndexedFile[]} files
   */
  constructor(shards, files) {
    this.#shards = shards;
    this.#files = files;
    this.#meanWords = files.reduce((sum, { words }) => sum + words, 0) / files.length;
  }

  /**
   * Ranks by BM25 the files that have any of the words and "phrases in quotes" of the query.
   *
   * @param {string} query
   * @param {number} most
   * @returns {Promise<{ files: number, hits: Hit[] }>} How many files have any, and the best of them.
   */
  async search(query, most) {
    const found = await Promise.all(phrasesOf(query).map((phrase) => this.#occurrences(phrase)));
    /** @type {Map<number, { score: number, first: number }>} */
    const scores = new Map();
    for (const occurrences of found) {
      for (const occurrence of occurrences) {
        const { score, first } = scores.get(occurrence.file) ?? { score: 0, first: occurrence.first };
        scores.set(occurrence.file, { score: score + this.#score(occurrence, occurrences.length), first });
      }
    }
    const best = [...scores].toSorted(([a, x], [b, y]) => y.score - x.score || a - b).slice(0, most);
    return {
      files: scores.size,
      hits: best.map(([file, { score, first }]) => this.#hit(file, score, first)),
    };
  }

  /**
   * @param {string[]} phrase
   * @returns {Promise<Occurrence[]>}
   */
  async #occurrences(phrase) {
    const postings = await Promise.all(phrase.map((word) => this.#postings(word)));
    const [first, ...others] = postings;
    return [...(first ?? [])].flatMap(([file, starts]) => {
      const sets = others.map((other) => new Set(other.get(file)));
      const matches = starts.filter((start) => sets.every((set, at) => set.has(start + at + 1)));
      return matches.length === 0 ? [] : [{ file, count: matches.length, first: matches[0] ?? 0 }];
    });
  }

  /**
   * @param {string} word
   * @returns {Promise<Map<number, Uint32Array>>} Its positions in each file.
   */
  async #postings(word) {
    const shard = this.#shards[shardOf(word, this.#shards.length)];
    if (shard === undefined) return new Map();
    const { files, counts, positions } = await shard.postings(word);
    let end = 0;
    return new Map(
      Array.from(files, (file, at) => [file, positions.subarray(end, (end += counts[at] ?? 0))]),
    );
  }

  /**
   * @param {Occurrence} occurrence
   * @param {number} filesWithPhrase
   */
  #score({ file, count }, filesWithPhrase) {
    const rarity = Math.log(1 + (this.#files.length - filesWithPhrase + 0.5) / (filesWithPhrase + 0.5));
    const length = (this.#files[file]?.words ?? 0) / this.#meanWords;
    const norm = SATURATION * (1 - LENGTH_WEIGHT + LENGTH_WEIGHT * length);
    return (rarity * count * (SATURATION + 1)) / (count + norm);
  }

  /**
   * @param {number} file
   * @param {number} score
   * @param {number} position
   * @returns {Hit}
   */
  #hit(file, score, position) {
    const path = this.#files[file]?.path ?? "";
    return { path, score, ...lineOf(readText(path), position) };
  }
}

/**
 * A single word is a phrase of one; words that are joined, as in `node:fs`, are a phrase without quotes.
 *
 * @param {string} query
 * @returns {string[][]}
 */
function phrasesOf(query) {
  const parts = query.match(/"[^"]*"|[^\s"]+/g) ?? [];
  return parts.map(wordsOf).filter((words) => words.length > 0);
}

export const Searchers = actor(Searcher, { maxRestarts: -1, maxTaskRetries: -1 });
