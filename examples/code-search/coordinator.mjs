// Leads every file from the walker through a tokenizer to the shards.
import { channel } from "klaw-runtime";

/**
 * @typedef {import("./files.mjs").FoundFile & { words: number }} IndexedFile
 *
 * @typedef {object} Counts
 * @property {number} received Files that came from the walker.
 * @property {number} files Files that every shard has acknowledged.
 * @property {number} bytes Of these.
 * @property {number} words Of these.
 */

/** What travels in one call: enough that a call's cost does not show, little enough that all tokenizers end together. */
const BATCH_FILES = 64;
const BATCH_BYTES = 512 * 1024;

/** A second batch waits in each tokenizer, so that it has work while shards acknowledge the first. */
const BATCHES_PER_TOKENIZER = 2;

export class Coordinator {
  #crew;
  /** @type {IndexedFile[]} By their ids. */
  #files = [];
  /** @type {Counts} */
  counts = { received: 0, files: 0, bytes: 0, words: 0 };

  /** @param {import("./crew.mjs").Crew} crew */
  constructor(crew) {
    this.#crew = crew;
  }

  /**
   * Resolves when every shard has acknowledged every file.
   *
   * @param {readonly string[]} directories
   * @param {number} limitBytes
   */
  async run(directories, limitBytes) {
    const [sender, receiver] = channel();
    // This end stays open until the walk is over: should the walker die, the channel must not look complete.
    const walking = this.#crew.walker.walk(directories, limitBytes, sender).finally(() => sender.close());
    const batches = inBatches(this.#newFiles(receiver));
    const lanes = this.#crew.tokenizers.flatMap((tokenizer) =>
      Array.from({ length: BATCHES_PER_TOKENIZER }, () => this.#feed(tokenizer, batches)),
    );
    const [found] = await Promise.all([walking, ...lanes]);
    if (this.counts.files !== found)
      throw new Error(`${found} files were found, ${this.counts.files} are indexed`);
    return this.#files;
  }

  /**
   * A walker that is made anew starts anew; what it had already sent is known by its number.
   *
   * @param {import("klaw-runtime").Receiver<import("./files.mjs").FoundFile>} found
   */
  async *#newFiles(found) {
    const seen = new Set();
    for await (const file of found) {
      if (seen.has(file.id)) continue;
      seen.add(file.id);
      this.counts.received += 1;
      yield file;
    }
  }

  /**
   * @param {import("./crew.mjs").Crew["tokenizers"][number]} tokenizer
   * @param {AsyncIterable<import("./files.mjs").FoundFile[]>} batches Shared with the other lanes.
   */
  async #feed(tokenizer, batches) {
    for await (const batch of batches) {
      const lengths = await tokenizer.index(batch);
      for (const [at, file] of batch.entries()) this.#acknowledged(file, lengths[at] ?? 0);
    }
  }

  /**
   * @param {import("./files.mjs").FoundFile} file
   * @param {number} words
   */
  #acknowledged(file, words) {
    this.#files[file.id] = { ...file, words };
    this.counts.files += 1;
    this.counts.bytes += file.bytes;
    this.counts.words += words;
  }
}

/** @param {AsyncIterable<import("./files.mjs").FoundFile>} files */
async function* inBatches(files) {
  /** @type {import("./files.mjs").FoundFile[]} */
  let batch = [];
  let bytes = 0;
  for await (const file of files) {
    batch.push(file);
    bytes += file.bytes;
    if (batch.length < BATCH_FILES && bytes < BATCH_BYTES) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}
