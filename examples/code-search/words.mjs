// What a word is, and which shard it belongs to.

const WORD = /[\p{L}\p{N}_]+/gu;

/** Longer ones are data: hashes, base64. They count as words, but nobody looks for them. */
const MAX_WORD_LENGTH = 64;

/**
 * The words of a text, in lower case.
 *
 * @param {string} text
 * @returns {string[]}
 */
export function wordsOf(text) {
  return text.toLowerCase().match(WORD) ?? [];
}

/**
 * Where each word stands: the first is at 0.
 *
 * @param {readonly string[]} words
 * @returns {Map<string, number[]>}
 */
export function positionsOf(words) {
  /** @type {Map<string, number[]>} */
  const positions = new Map();
  for (const [position, word] of words.entries()) {
    const known = positions.get(word);
    if (known !== undefined) known.push(position);
    else if (word.length <= MAX_WORD_LENGTH) positions.set(word, [position]);
  }
  return positions;
}

/**
 * FNV-1a: spreads words evenly, and is the same everywhere.
 *
 * @param {string} word
 * @param {number} shards
 */
export function shardOf(word, shards) {
  let hash = 0x811c9dc5;
  for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % shards;
}

/**
 * The line of a text on which the word at `position` stands, from 1.
 *
 * @param {string} text
 * @param {number} position
 */
export function lineOf(text, position) {
  let words = 0;
  for (const [at, line] of text.split("\n").entries()) {
    words += wordsOf(line).length;
    if (words > position) return { line: at + 1, text: line.trim() };
  }
  return { line: 1, text: "" };
}
