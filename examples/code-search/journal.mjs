// What a shard has acknowledged, in a file: it outlives the shard's process.
import { appendFileSync, ftruncateSync, openSync, readSync } from "node:fs";

const HEAD_BYTES = 4;

export class Journal {
  #file;

  /** @param {string} path */
  constructor(path) {
    this.#file = openSync(path, "a+");
  }

  /** @param {Uint8Array} record */
  append(record) {
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUInt32LE(record.length);
    appendFileSync(this.#file, Buffer.concat([head, record]));
  }

  /**
   * All records. To be read to the end: that is where the next one goes.
   *
   * @returns {Generator<Uint8Array, void, void>}
   */
  *records() {
    let end = 0;
    for (;;) {
      const head = this.#read(end, HEAD_BYTES);
      const record = head && this.#read(end + HEAD_BYTES, head.readUInt32LE());
      if (record === undefined) break;
      yield record;
      end += HEAD_BYTES + record.length;
    }
    // A process that was killed may have written half a record. Nobody was told that it is there.
    ftruncateSync(this.#file, end);
  }

  /**
   * @param {number} position
   * @param {number} length
   */
  #read(position, length) {
    const bytes = Buffer.allocUnsafe(length);
    return readSync(this.#file, bytes, 0, length, position) === length ? bytes : undefined;
  }
}
