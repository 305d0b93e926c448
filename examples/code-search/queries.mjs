// Queries from the command line and from a terminal.
import { createInterface } from "node:readline/promises";

const BEST = 5;

/**
 * @typedef {import("klaw-runtime").HandleOf<typeof import("./searcher.mjs").Searchers>} SearcherHandle
 *
 * @typedef {object} Answer
 * @property {string} query
 * @property {number} files How many have any of it.
 * @property {number} ms
 * @property {import("./searcher.mjs").Hit[]} hits The best.
 */

/**
 * @param {SearcherHandle} searcher
 * @param {string} query
 * @returns {Promise<Answer>}
 */
export async function answer(searcher, query) {
  const start = performance.now();
  const { files, hits } = await searcher.search(query, BEST);
  return { query, files, ms: performance.now() - start, hits };
}

/** @param {Answer} answer */
export function printAnswer({ query, files, ms, hits }) {
  console.log(`\n${query}: ${files.toLocaleString("en")} files, ${ms.toFixed(1)} ms`);
  for (const { path, line, text, score } of hits) {
    console.log(`${score.toFixed(2).padStart(7)}  ${path}:${line}\n         ${text.slice(0, 100)}`);
  }
}

/**
 * Asks until there is no more input.
 *
 * @param {SearcherHandle} searcher
 */
export async function askOnTerminal(searcher) {
  const terminal = createInterface({
    input: process.stdin,
    output: process.stdout,
    prompt: '\nwords "a phrase" > ',
  });
  terminal.prompt();
  for await (const query of terminal) {
    if (query.trim() !== "") printAnswer(await answer(searcher, query));
    terminal.prompt();
  }
}
