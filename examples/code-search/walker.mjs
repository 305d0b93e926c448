// Sends the files that are to be indexed.
import { actor } from "klaw-runtime";

import { findFiles } from "./files.mjs";
import { Vital } from "./vital.mjs";

export class Walker extends Vital {
  #sent = 0;

  /**
   * Waits whenever the channel is full: no list of all files is kept here.
   *
   * @param {readonly string[]} directories
   * @param {number} limitBytes
   * @param {import("klaw-runtime").Sender<import("./files.mjs").FoundFile>} files
   * @returns {Promise<number>} How many they are.
   */
  async walk(directories, limitBytes, files) {
    this.#sent = 0;
    for (const file of findFiles(directories, limitBytes)) {
      await files.send(file);
      this.#sent += 1;
    }
    files.close();
    return this.#sent;
  }

  sent() {
    return this.#sent;
  }
}

export const Walkers = actor(Walker, { maxRestarts: -1, maxTaskRetries: -1 });
