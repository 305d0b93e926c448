// Which files there are. The same files in the same order get the same numbers, whoever walks.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/**
 * @typedef {object} FoundFile
 * @property {number} id Its place in the walk.
 * @property {string} path
 * @property {number} bytes
 */

/** Above this, files are mostly made by machines: bundles, tables, bindings. */
const MAX_FILE_BYTES = 1024 * 1024;

/**
 * The files below the directories, in the order of their names, until they have `limitBytes` together.
 *
 * @param {readonly string[]} directories
 * @param {number} limitBytes
 * @returns {Generator<FoundFile, void, void>}
 */
export function* findFiles(directories, limitBytes) {
  let id = 0;
  let totalBytes = 0;
  for (const directory of directories) {
    for (const path of pathsBelow(directory)) {
      const bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
      if (bytes === 0 || bytes > MAX_FILE_BYTES) continue;
      totalBytes += bytes;
      if (totalBytes > limitBytes) return;
      yield { id, path, bytes };
      id += 1;
    }
  }
}

/**
 * @param {string} directory
 * @returns {Generator<string, void, void>}
 */
function* pathsBelow(directory) {
  for (const entry of entriesOf(directory)) {
    const path = join(directory, entry.name);
    // Links are left out: they could lead in circles.
    if (entry.isDirectory()) yield* pathsBelow(path);
    else if (entry.isFile()) yield path;
  }
}

/** @param {string} directory */
function entriesOf(directory) {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return []; // What may not be read is not searched.
  }
}

/**
 * The text of a file; "" if it is none, or may not be read. A text has no NUL, as git has it.
 *
 * @param {string} path
 */
export function readText(path) {
  try {
    const bytes = readFileSync(path);
    return bytes.includes(0) ? "" : bytes.toString("utf8");
  } catch {
    return "";
  }
}
