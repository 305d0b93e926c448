import type { WritableStream } from "node:stream/web";

import { encode, registerReference, type Staging } from "../codec/index.ts";
import { ChannelFullError, InvalidArgumentError } from "../errors/index.ts";
import { BATCH, acquireStaging, nextTurn, ranges, releaseStaging } from "../loop.ts";
import { SENDER_END, SENT, SENT_ENOUGH, asKlawError, native } from "../native/index.ts";
import { validate, type StandardSchemaV1 } from "../schema/index.ts";
import { ChannelEnd } from "./ends.ts";
import { PendingSends } from "./pending.ts";
import { Sharing } from "./sharing.ts";
import { writableOf } from "./streams.ts";
import type { Sender } from "./types.ts";
import { Deadline, checkWait, type WaitOptions } from "./wait.ts";

const DONE: Promise<void> = Promise.resolve();
const NO_SHARING: readonly Sharing[] = [];
/** Bytes that are encoded before a batch is sent. */
const BATCH_BYTES = 1 << 20;
/** Above the ticket of the last message that waits stands how many do. */
const COUNT_UNIT = 2 ** 32;

/** The sending end of this thread. */
export class SendingEnd<in T> extends ChannelEnd implements Sender<T> {
  readonly #pending: PendingSends;
  readonly #schema: StandardSchemaV1 | undefined;
  /** Ends in the messages that were submitted and not settled. */
  readonly #sharing: Sharing[] = [];

  constructor(handle: number | undefined, schema?: StandardSchemaV1) {
    super(SENDER_END, handle);
    this.#schema = schema;
    this.#pending = new PendingSends(this.end.number);
  }

  send(value: T, options?: WaitOptions): Promise<void> {
    try {
      if (options !== undefined) checkWait(options);
      const sent = this.#submit(value, true);
      return this.#settle(sent, sent < 0 ? 0 : 1, options);
    } catch (error) {
      return Promise.reject(asKlawError(error));
    }
  }

  trySend(value: T): boolean {
    try {
      this.#submit(value, false);
      this.#settle(SENT, 0, undefined);
      return true;
    } catch (thrown) {
      const error = asKlawError(thrown);
      if (error instanceof ChannelFullError) return false;
      throw error;
    }
  }

  sendMany(values: Iterable<T>, options?: WaitOptions): Promise<void> {
    try {
      checkWait(options);
      if (Array.isArray(values)) return this.#submitMany(values, options);
      if (typeof values?.[Symbol.iterator] !== "function") {
        throw new InvalidArgumentError(
          "sendMany takes an iterable; send one by one what comes asynchronously",
        );
      }
    } catch (error) {
      return Promise.reject(asKlawError(error));
    }
    return this.#sendAsRead(values, options);
  }

  close(): void {
    this.end.close();
  }

  writable(): WritableStream<T> {
    return writableOf(this);
  }

  /** What the addon answers. Ends that go along are in `#sharing` afterwards. */
  #submit(message: T, mayWait: boolean): number {
    const staging = acquireStaging();
    try {
      const end = this.#encode(message, staging);
      // After user code has run: it may have closed this end.
      const handle = this.end.open;
      if (staging.refs.length === 0) return mayWait ? native.send(handle, end) : native.trySend(handle, end);
      return this.#submitShared(staging.refs, 0, end, mayWait, 0);
    } finally {
      releaseStaging();
    }
  }

  #submitShared(
    refs: readonly object[],
    start: number,
    end: number,
    mayWait: boolean,
    group: number,
  ): number {
    const sharing = new Sharing(refs);
    const sent = native.sendWithEnds(this.end.open, start, end, sharing.pairs, mayWait, group);
    this.#sharing.push(sharing);
    return sent;
  }

  #encode(message: T, staging: Staging): number {
    const value: unknown = this.#schema === undefined ? message : validate(this.#schema, message, "message");
    return encode(value, staging, "message");
  }

  /** Settles what was submitted: `waiting` messages wait, the last of them under the ticket `sent`. */
  #settle(sent: number, waiting: number, options: WaitOptions | undefined): Promise<void> {
    const sharing = this.#sharing.length > 0 ? this.#sharing.splice(0) : NO_SHARING;
    if (waiting > 0) {
      const waits = this.#pending.wait(sent, waiting, options);
      return sharing.length === 0 ? waits : waits.then(() => sharing.forEach((shared) => shared.sent()));
    }
    for (const shared of sharing) shared.sent();
    return sent === SENT_ENOUGH ? nextTurn() : DONE;
  }

  /** Hands all of them to the addon at once: what there is no room for waits there, in order. */
  #submitMany(values: readonly T[], options: WaitOptions | undefined): Promise<void> {
    let last = SENT;
    let waiting = 0;
    let group = 0;
    let failed: { error: unknown } | undefined;
    for (let at = 0; at < values.length && failed === undefined;) {
      try {
        const { count, sent } = this.#submitBatch(values, at, group);
        at += count;
        if (sent === SENT) continue;
        last = sent < 0 ? sent : sent % COUNT_UNIT;
        waiting += sent < 0 ? 0 : Math.max(1, Math.floor(sent / COUNT_UNIT));
        if (group === 0 && waiting > 0) group = (last - waiting + 2 + COUNT_UNIT) % COUNT_UNIT;
      } catch (error) {
        failed = { error };
      }
    }
    const settled = this.#settle(last, waiting, options);
    if (failed === undefined) return settled;
    // Those before it are sent, or wait to be.
    const { error } = failed;
    return settled.then(() => {
      throw asKlawError(error);
    });
  }

  /** Sends what stands in `values` from `at` on, as much as goes together: how many, and what the addon answers. */
  #submitBatch(values: readonly T[], at: number, group: number): { count: number; sent: number } {
    const staging = acquireStaging();
    try {
      let count = 0;
      while (at + count < values.length && count < BATCH && staging.position < BATCH_BYTES) {
        const start = staging.position;
        try {
          ranges[2 * count + 1] = this.#encode(values[at + count]!, staging);
        } catch (error) {
          // Those before it go first; then it is met again, and says so.
          if (count === 0) throw error;
          break;
        }
        if (staging.refs.length > 0) {
          if (count > 0) break;
          return { count: 1, sent: this.#submitShared(staging.refs, start, staging.position, true, group) };
        }
        ranges[2 * count] = start;
        count++;
      }
      return { count, sent: native.sendMany(this.end.open, count, group) };
    } finally {
      releaseStaging();
    }
  }

  /** What is no array is read no faster than there is room. */
  async #sendAsRead(values: Iterable<T>, options: WaitOptions = {}): Promise<void> {
    const deadline = new Deadline(options);
    let batch: T[] = [];
    for (const value of values) {
      batch.push(value);
      if (batch.length < BATCH) continue;
      await this.#submitMany(batch, deadline.left());
      batch = [];
    }
    if (batch.length > 0) await this.#submitMany(batch, deadline.left());
  }
}

registerReference(SendingEnd);
