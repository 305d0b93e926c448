import { InvalidArgumentError, SerializationError, ValueTooLargeError } from "../errors/index.ts";
import { Identities } from "./encode/identities.ts";
import type { PendingBytes } from "./encode/out-of-band.ts";
import { SharedBuffers } from "./encode/shared-buffers.ts";
import { Aborted } from "./failure.ts";
import { MAX_PAYLOAD_BYTES } from "./limits.ts";

/** How a {@link Staging} gets more room. */
export interface StagingOptions {
  /**
   * Gives an array of at least `neededBytes`. What was written so far is copied into it. Default: twice the size, on
   * the heap.
   */
  readonly grow?: (neededBytes: number) => Uint8Array;
  /** Bytes that one payload may have; more is a `ValueTooLargeError`. Default: 2^32 - 1. */
  readonly limitBytes?: number;
}

const NO_REFS: readonly object[] = [];
let messages = 0;

/**
 * Where messages are encoded: a caller's bytes, and the state of the one message that is being written.
 *
 * `position` is where the next message begins. It moves behind each message that was encoded whole, and stays when one
 * fails, so any number of messages can be written one behind the other.
 *
 * @example
 * ```ts
 * const staging = new Staging(new Uint8Array(64 * 1024));
 * encode({ id: 1 }, staging);
 * const payload = staging.bytes.subarray(0, staging.position);
 * ```
 */
export class Staging {
  /** The bytes; another array once it has grown. */
  bytes!: Uint8Array;
  /** Where the next message begins. The caller may set it between messages. */
  position = 0;
  /** The live objects that the last message names by ordinal, in order of first appearance. */
  refs: readonly object[] = NO_REFS;

  /** @internal */
  view!: DataView;
  /** @internal The same bytes, for writing strings. */
  text!: Buffer;
  /** @internal Start of the message. */
  start = 0;
  /** @internal Unique for each message of the process. */
  message = 0;
  /** @internal Ordinals of the objects met in the message. */
  readonly identities: Identities = new Identities();
  /** @internal Shapes that the message has defined. */
  shapes = 0;
  /** @internal Containers that are open. */
  depth = 0;
  /** @internal Bytes to be placed behind the structured part. */
  readonly pending: PendingBytes[] = [];
  /** @internal Buffers that several values of the message lie in. */
  readonly sharedBuffers: SharedBuffers = new SharedBuffers();
  /** @internal Instances whose encoded form, made by an encode function, is being written. */
  readonly open: Set<object> = new Set();

  readonly #grow: (neededBytes: number) => Uint8Array;
  readonly #limitBytes: number;
  #collectedRefs: object[] | undefined;
  #busy = false;

  constructor(bytes: Uint8Array, options: StagingOptions = {}) {
    this.#grow =
      options.grow ?? ((neededBytes) => new Uint8Array(Math.max(neededBytes, 2 * this.bytes.length)));
    this.#limitBytes = Math.min(options.limitBytes ?? MAX_PAYLOAD_BYTES, MAX_PAYLOAD_BYTES);
    this.#use(bytes);
  }

  /** True while a message is being written: an encode function that sends needs another staging. */
  get busy(): boolean {
    return this.#busy;
  }

  /** @internal */
  begin(): void {
    if (this.#busy) {
      throw new SerializationError(
        "cannot send: this staging buffer is being written by the message whose encode function sends; use another",
        "",
        { code: "ERR_KLAW_REENTRANT_ENCODE" },
      );
    }
    this.#busy = true;
    this.start = this.position;
    this.#reset();
  }

  /** @internal Starts the same message over, now that it is known which buffers are shared. */
  restart(): void {
    this.position = this.start;
    this.sharedBuffers.useFound();
    this.#reset();
  }

  /** @internal Publishes what the message is, or, if it failed, that there is none. */
  finish(written: boolean): void {
    this.refs = written && this.#collectedRefs ? this.#collectedRefs : NO_REFS;
    if (!written) this.position = this.start;
    this.sharedBuffers.clear();
    this.#reset();
    this.#busy = false;
  }

  /** @internal Makes sure that `bytes` more can be written. */
  room(bytes: number): void {
    if (this.position + bytes > this.bytes.length) this.#makeRoom(this.position + bytes);
  }

  /** @internal The ordinal of an object that travels by reference. */
  addRef(value: object): number {
    this.#collectedRefs ??= [];
    return this.#collectedRefs.push(value) - 1;
  }

  /** @internal Throws if the message is longer than allowed. */
  checkLimit(): void {
    const bytes = this.position - this.start;
    if (bytes > this.#limitBytes) throw this.#tooLarge(bytes);
  }

  #reset(): void {
    this.message = ++messages;
    this.identities.clear();
    this.shapes = 0;
    this.depth = 0;
    this.#collectedRefs = undefined;
    if (this.pending.length > 0) this.pending.length = 0;
    if (this.open.size > 0) this.open.clear();
  }

  #makeRoom(neededBytes: number): void {
    const payloadBytes = neededBytes - this.start;
    if (payloadBytes > this.#limitBytes) throw this.#tooLarge(payloadBytes);
    const grown = this.#grown(neededBytes);
    if (grown !== this.bytes) grown.set(this.bytes.subarray(0, this.position));
    this.#use(grown);
  }

  // What goes wrong here has nothing to do with the place in the value where it happens to come up.
  #grown(neededBytes: number): Uint8Array {
    try {
      const grown = this.#grow(neededBytes);
      if (grown.length >= neededBytes) return grown;
      throw new InvalidArgumentError(`grow gave ${grown.length} bytes, expected at least ${neededBytes}`);
    } catch (error) {
      throw new Aborted(error as Error);
    }
  }

  #tooLarge(bytes: number): Aborted {
    return new Aborted(new ValueTooLargeError(bytes, this.#limitBytes));
  }

  #use(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}
