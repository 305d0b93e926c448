// An inverted index with positions: word → file → where the word stands in it.
import { createHash } from "node:crypto";

/**
 * The files of a word in their order, how often it stands in each, and all its positions, one file's after the other's.
 *
 * @typedef {object} Postings
 * @property {Uint32Array} files
 * @property {Uint32Array} counts
 * @property {Uint32Array} positions
 */

export class InvertedIndex {
  /**
   * One array holds everything, since millions of small ones would need several times the memory. An entry is: where the
   * word's entry before it starts, file, number of positions, positions.
   */
  #cells = new Uint32Array(1 << 16);
  /** Where the next entry starts. No entry starts at 0, which means "none before it". */
  #end = 1;
  /** @type {Map<string, number>} Where the latest entry of a word starts. */
  #latest = new Map();
  /** @type {string[] | undefined} */
  #sorted;

  /** How many words there are. */
  get size() {
    return this.#latest.size;
  }

  /**
   * Adds that `word` stands at `positions[from]` to `positions[to - 1]` of `file`; once for each word and file.
   *
   * @param {string} word
   * @param {number} file
   * @param {ArrayLike<number>} positions
   */
  add(word, file, positions, from = 0, to = positions.length) {
    this.#reserve(3 + to - from);
    const start = this.#end;
    const cells = this.#cells;
    cells[start] = this.#latest.get(word) ?? 0;
    cells[start + 1] = file;
    cells[start + 2] = to - from;
    let end = start + 3;
    for (let at = from; at < to; at++) cells[end++] = positions[at] ?? 0;
    this.#end = end;
    this.#latest.set(word, start);
    this.#sorted = undefined;
  }

  /** @param {number} more */
  #reserve(more) {
    if (this.#end + more <= this.#cells.length) return;
    const larger = new Uint32Array(2 * Math.max(this.#cells.length, more));
    larger.set(this.#cells);
    this.#cells = larger;
  }

  /**
   * @param {string} word
   * @returns {Postings}
   */
  postings(word) {
    const entries = this.#entries(word);
    const counts = Uint32Array.from(entries, ({ positions }) => positions.length);
    const positions = new Uint32Array(counts.reduce((sum, count) => sum + count, 0));
    let end = 0;
    for (const entry of entries) {
      positions.set(entry.positions, end);
      end += entry.positions.length;
    }
    return { files: Uint32Array.from(entries, ({ file }) => file), counts, positions };
  }

  /** @param {string} word */
  #entries(word) {
    const entries = [];
    for (let start = this.#latest.get(word) ?? 0; start !== 0; start = this.#cells[start] ?? 0) {
      const [, file = 0, count = 0] = this.#cells.subarray(start, start + 3);
      entries.push({ file, positions: this.#cells.subarray(start + 3, start + 3 + count) });
    }
    // Files come in any order.
    return entries.toSorted((a, b) => a.file - b.file);
  }

  /** The same for the same entries, in whatever order they were added. */
  digest() {
    const hash = createHash("sha256");
    for (const word of this.#words()) {
      const { files, counts, positions } = this.postings(word);
      hash
        .update(`${word} ${files.length} ${positions.length}\n`)
        .update(files)
        .update(counts)
        .update(positions);
    }
    return hash.digest("hex");
  }

  /**
   * The entries of some words in the order of the alphabet, a line each: `word file positions`.
   *
   * @param {number} firstWord
   * @param {number} endWord
   * @returns {Generator<string, void, void>}
   */
  *lines(firstWord, endWord) {
    for (const word of this.#words().slice(firstWord, endWord)) {
      for (const { file, positions } of this.#entries(word)) yield `${word} ${file} ${positions.join()}`;
    }
  }

  #words() {
    return (this.#sorted ??= [...this.#latest.keys()].toSorted());
  }
}
