import type { WritableStream } from "node:stream/web";

import { encode, registerReference } from "../codec/index.ts";
import { ChannelFullError } from "../errors/index.ts";
import { BATCH, nextTurn, ranges, staging } from "../loop.ts";
import { SENDER_END, SENT, SENT_ENOUGH, asKlawError, native } from "../native/index.ts";
import { validate, type StandardSchemaV1 } from "../schema/index.ts";
import { ChannelEnd } from "./ends.ts";
import { PendingSends } from "./pending.ts";
import { Sharing } from "./sharing.ts";
import { writableOf } from "./streams.ts";
import type { Sender } from "./types.ts";
import { checkWait, type WaitOptions } from "./wait.ts";

const DONE: Promise<void> = Promise.resolve();
/** Bytes that are encoded before a batch is sent. */
const BATCH_BYTES = 1 << 20;
/** Above the ticket of the last message that waits stands how many do. */
const COUNT_UNIT = 2 ** 32;

/** The sending end of this thread. */
export class SendingEnd<in T> extends ChannelEnd implements Sender<T> {
  readonly #pending: PendingSends;

  readonly #schema: StandardSchemaV1 | undefined;

  constructor(handle: number | undefined, schema?: StandardSchemaV1) {
    super(SENDER_END, handle);
    this.#schema = schema;
    this.#pending = new PendingSends(this.end.number);
  }

  send(value: T, options?: WaitOptions): Promise<void> {
    try {
      if (options !== undefined) checkWait(options);
      return this.#settle(this.#submit(value, true), options);
    } catch (error) {
      return Promise.reject(asKlawError(error));
    }
  }

  trySend(value: T): boolean {
    try {
      this.#submit(value, false);
      return true;
    } catch (thrown) {
      const error = asKlawError(thrown);
      if (error instanceof ChannelFullError) return false;
      throw error;
    }
  }

  async sendMany(values: Iterable<T>, options?: WaitOptions): Promise<void> {
    if (options !== undefined) checkWait(options);
    for (const batch of batches(values)) {
      // In order, and no faster than there is room.
      for (let at = 0; at < batch.length;) at += await this.#sendFrom(batch, at, options);
    }
  }

  close(): void {
    this.end.close();
  }

  writable(): WritableStream<T> {
    return writableOf(this);
  }

  #submit(message: T, mayWait: boolean): number {
    const value: unknown = this.#schema === undefined ? message : validate(this.#schema, message, "message");
    const handle = this.end.open;
    staging.position = 0;
    const end = encode(value, staging, "message");
    if (staging.refs.length > 0) return this.#submitShared(end, mayWait);
    return mayWait ? native.send(handle, end) : native.trySend(handle, end);
  }

  #submitShared(end: number, mayWait: boolean): number {
    const sharing = new Sharing(staging.refs);
    const sent = native.sendWithEnds(this.end.open, 0, end, 0, sharing.pairs, mayWait);
    sharing.done();
    return sent;
  }

  #settle(sent: number, options: WaitOptions | undefined): Promise<void> {
    if (sent === SENT) return DONE;
    if (sent === SENT_ENOUGH) return nextTurn();
    const count = Math.max(1, Math.floor(sent / COUNT_UNIT));
    return this.#pending.wait(sent % COUNT_UNIT, count, options);
  }

  /** Sends what stands in `batch` from `at` on, as much as goes together: how many they were. */
  async #sendFrom(batch: readonly T[], at: number, options: WaitOptions | undefined): Promise<number> {
    const count = this.#schema === undefined ? encodeBatch(batch, at) : 0;
    if (count === 0) {
      // It is to be checked, refers to something, or can't travel: then this says why.
      await this.send(batch[at]!, options);
      return 1;
    }
    try {
      await this.#settle(native.sendMany(this.end.open, count), options);
      return count;
    } catch (error) {
      throw asKlawError(error);
    }
  }
}

registerReference(SendingEnd);

/** Encodes what stands in `batch` from `at` on, up to a value that refers to something or can't travel: how many. */
function encodeBatch(batch: readonly unknown[], at: number): number {
  staging.position = 0;
  let count = 0;
  while (at + count < batch.length && staging.position < BATCH_BYTES) {
    const start = staging.position;
    try {
      ranges[2 * count + 1] = encode(batch[at + count], staging, "message");
    } catch {
      break;
    }
    if (staging.refs.length > 0) break;
    ranges[2 * count] = start;
    count++;
  }
  return count;
}

/** Values are taken from the iterable before any is encoded: it may send messages itself. */
function* batches<T>(values: Iterable<T>): Generator<readonly T[], void, void> {
  if (Array.isArray(values)) {
    for (let at = 0; at < values.length; at += BATCH) yield values.slice(at, at + BATCH) as T[];
    return;
  }
  let batch: T[] = [];
  for (const value of values) {
    batch.push(value);
    if (batch.length === BATCH) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}
