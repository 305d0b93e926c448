import { markAsUntransferable } from "node:worker_threads";

import { corrupt, publicError } from "../failure.ts";
import {
  INLINE_ALIGNMENT,
  MAX_PAYLOAD_BYTES,
  OUT_OF_BAND_ALIGNMENT,
  OUT_OF_BAND_BYTES,
  SHARED_COPY_BYTES,
} from "../limits.ts";
import { alignedFrom } from "../views.ts";
import { Reader } from "./reader.ts";
import { sourceOf, type Source } from "./source.ts";
import { misread } from "./unexpected.ts";
import { readValue } from "./value.ts";

/** What becomes of the bytes that typed arrays and buffers of a message lie in. */
export type BytesPolicy =
  /** They will be written over: typed arrays get copies. */
  | "copied"
  /** They stay as they are for as long as anyone looks at them: typed arrays are views on them. */
  | "kept";

const NO_REFS: readonly unknown[] = [];
const NOTHING_KEPT = new ArrayBuffer(0);
/** Readers at rest. A decode function may read messages itself, with another reader. */
const idle: Reader[] = [new Reader()];

/**
 * Messages that arrived together, in bytes that nobody changes while they are read.
 *
 * The typed arrays in them are views on copies that they share, of at most 16 KiB each, so that neither each small
 * one costs an allocation nor one that is kept for long keeps much else alive. Those of 4 KiB and more have a copy of
 * their own, and so has every ArrayBuffer that was sent as such.
 *
 * @example
 * ```ts
 * const staging = new Staging(new Uint8Array(4096));
 * const first = encode(new Uint8Array([1, 2]), staging);
 * const second = encode(new Uint8Array([3]), staging);
 * const batch = new Batch(staging.bytes, second);
 * const a = batch.decode(0, first) as Uint8Array;
 * const b = batch.decode(first, second) as Uint8Array;
 * a.buffer === b.buffer; // true
 * ```
 */
export class Batch {
  /** @internal */
  readonly source: Source;
  /** @internal Where the bytes that {@link keep} was asked for last lie. */
  kept: ArrayBuffer = NOTHING_KEPT;
  readonly #end: number;
  readonly #policy: BytesPolicy;
  #shared: ArrayBuffer = NOTHING_KEPT;
  #sharedStart = 0;
  #sharedEnd = 0;

  /**
   * @param bytes - what the messages lie in; best one array that is used again and again.
   * @param end - where the last of them ends, in bytes from the start of `bytes`.
   * @param policy - what becomes of `bytes` after the batch.
   */
  constructor(bytes: Uint8Array, end: number = bytes.length, policy: BytesPolicy = "copied") {
    this.source = sourceOf(bytes);
    this.#end = end;
    this.#policy = policy;
  }

  /**
   * Reads one message.
   *
   * @param start - where its payload begins, in bytes from the start of `bytes`.
   * @param end - where it ends.
   * @param refs - what arrived for the live objects that it names, in their order.
   * @param rootName - what the value is called in errors.
   * @throws SerializationError if the bytes are no message, or a class in it is not registered here.
   */
  decode(
    start: number,
    end: number,
    refs: readonly unknown[] = NO_REFS,
    rootName: string = "value",
  ): unknown {
    const { length } = this.source.bytes;
    if (!(start >= 0 && start < end && end <= length && end - start <= MAX_PAYLOAD_BYTES)) {
      throw publicError(corrupt(`a message from ${start} to ${end} of ${length}`), rootName, "read", misread);
    }
    const reader = idle.pop() ?? new Reader();
    try {
      reader.begin(this, start, end, refs);
      const value = readValue(reader);
      if (reader.position !== end || reader.outOfBandStart !== 0) checkEnd(reader);
      return value;
    } catch (error) {
      throw publicError(error, rootName, "read", misread);
    } finally {
      reader.finish();
      idle.push(reader);
    }
  }

  /** @internal Sees to it that bytes of the message stay: they are in `kept` then, at the answer. */
  keep({ bytes, start: origin }: Reader, start: number, byteLength: number, elementBytes: number): number {
    if (this.#policy === "kept" && (bytes.byteOffset + start) % elementBytes === 0) {
      this.kept = bytes.buffer as ArrayBuffer;
      return bytes.byteOffset + start;
    }
    if (byteLength >= OUT_OF_BAND_BYTES || byteLength === 0) return this.#copyAlone(bytes, start, byteLength);
    if (start < this.#sharedStart || start + byteLength > this.#sharedEnd) {
      this.#share(bytes, start - ((start - origin) % INLINE_ALIGNMENT), start + byteLength);
    }
    const place = start - this.#sharedStart;
    if (place % elementBytes !== 0) return this.#copyAlone(bytes, start, byteLength);
    this.kept = this.#shared;
    return place;
  }

  /** @internal True if too little comes behind these bytes for a copy that others could share. */
  standsAlone(start: number, byteLength: number): boolean {
    const end = start + byteLength;
    return this.#policy === "copied" && end > this.#sharedEnd && this.#end - end < byteLength;
  }

  /** Copies what is up to `neededEnd`, and what comes next in the batch, for the views to come. */
  #share(bytes: Uint8Array, start: number, neededEnd: number): void {
    this.#sharedStart = start;
    this.#sharedEnd = Math.max(neededEnd, Math.min(this.#end, start + SHARED_COPY_BYTES));
    this.#shared = bytes.slice(start, this.#sharedEnd).buffer as ArrayBuffer;
    // Who transfers the buffer of one view would empty all the others.
    markAsUntransferable(this.#shared);
  }

  #copyAlone(bytes: Uint8Array, start: number, byteLength: number): number {
    this.kept = bytes.slice(start, start + byteLength).buffer as ArrayBuffer;
    return 0;
  }
}

/**
 * Reads a message that came alone.
 *
 * @see Batch for messages that came together, and for the parameters.
 *
 * @example
 * ```ts
 * const staging = new Staging(new Uint8Array(4096));
 * decode(staging.bytes, 0, encode(new Set([1n]), staging)); // new Set([1n])
 * ```
 */
export function decode(
  bytes: Uint8Array,
  start: number,
  end: number,
  refs: readonly unknown[] = NO_REFS,
  rootName: string = "value",
): unknown {
  return new Batch(bytes, end).decode(start, end, refs, rootName);
}

/** Behind the structured part there is nothing but bytes out of band. */
function checkEnd({ position, start, end, outOfBandStart, outOfBandEnd }: Reader): void {
  const isWhole =
    outOfBandStart !== 0 &&
    outOfBandStart === alignedFrom(start, position, OUT_OF_BAND_ALIGNMENT) &&
    outOfBandEnd === end;
  if (!isWhole) throw corrupt(`${end - position} bytes behind the value`);
}
