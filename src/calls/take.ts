/**
 * What has come for calls, told to whom it concerns.
 *
 * @module
 */
import { arrivedEnds } from "../channel/arrived.ts";
import { Batch } from "../codec/index.ts";
import { onCalls } from "../loop.ts";
import {
  ENTRY_WORDS,
  FAILED_ENTRY,
  OVERSIZE,
  SETTLED_ENTRY,
  asKlawError,
  native,
  type AgentOptions,
} from "../native/index.ts";
import { asError, failure } from "./failures.ts";
import { takePending, type Pending } from "./pending.ts";

const MEMORY_BYTES = 512 * 1024;
/** Twice what is asked for at once: some entries come along with others. */
const ENTRIES = 1_024;
/** Takes of one call by the loop: what has not come by then waits for its next look. */
const ROUNDS = 256;

const memory = new Uint8Array(MEMORY_BYTES);
const table = new Uint32Array(ENTRY_WORDS * ENTRIES);
const NO_ENDS: readonly object[] = [];

/** What came with an entry. */
export interface Payload {
  bytes(): Uint8Array;
  /** The value that it is, `called` in errors. */
  value(called: string): unknown;
  /** The value that a part of it is, which has these ends: all, unless said otherwise. */
  part(start: number, end: number, called: string, ends?: readonly object[]): unknown;
  /** The ends that came with it. */
  readonly ends: readonly object[];
}

/** One entry of the table, and what belongs to it; the payload is gone after the call that brought it. */
export interface Entry extends Payload {
  readonly name: number;
  /** What its kind says: see `src/native/index.ts`. */
  readonly words: readonly [number, number, number];
  /** The payload, to be kept. */
  detach(): Payload;
}

/** Whom the entries concern that are no results. */
type Handler = (entry: Entry) => void;

const handlers: Handler[] = [];

/** Who is told of a kind of entries: the layers above. */
export function onEntry(kind: number, handler: Handler): void {
  handlers[kind] = handler;
}

/** Opens this thread's part in calls; with `agent`, the session's agent first. */
export function openCalls(agent: AgentOptions | null): void {
  try {
    native.openCalls(agent, { bytes: memory, table });
  } catch (error) {
    throw asKlawError(error);
  }
}

onCalls(() => {
  for (let round = 0; round < ROUNDS; round++) {
    const count = native.takeCalls();
    if (count === 0) return;
    new Taken(count).tell();
  }
});

/** The entries of one take. */
class Taken {
  readonly #count: number;
  readonly #batch: Batch;
  readonly #oversize: Uint8Array[];
  readonly #arrived: readonly number[] | undefined;
  /** Who waits for the results, before any user code runs: that may make calls with the same names. */
  readonly #waiting: (Pending | undefined)[];
  #firstEnd = 0;

  constructor(count: number) {
    let [end, ends, hasOversize] = [0, 0, false];
    this.#count = count;
    this.#waiting = [];
    for (let at = 0; at < count * ENTRY_WORDS; at += ENTRY_WORDS) {
      const kind = table[at]!;
      if (kind <= FAILED_ENTRY) this.#waiting.push(takePending(table[at + 1]!));
      if (table[at + 2] === OVERSIZE) hasOversize = true;
      else end = table[at + 3]!;
      ends += table[at + 4]!;
    }
    this.#batch = new Batch(memory, end);
    this.#oversize = hasOversize ? native.oversizeCalls() : [];
    this.#arrived = ends > 0 ? native.arrivedWithCalls() : undefined;
  }

  tell(): void {
    let waiting = 0;
    for (let at = 0; at < this.#count * ENTRY_WORDS; at += ENTRY_WORDS) {
      const kind = table[at]!;
      const ends = this.#ends(table[at + 4]!);
      if (kind === SETTLED_ENTRY) this.#settle(this.#waiting[waiting++], at, ends);
      else if (kind === FAILED_ENTRY) this.#fail(this.#waiting[waiting++], at);
      else this.#tellHandler(kind, at, ends);
    }
  }

  #settle(call: Pending | undefined, at: number, ends: readonly object[]): void {
    let value: unknown;
    try {
      value = this.#value(at, ends, "result");
    } catch (error) {
      call?.reject(error);
      return;
    }
    if (table[at + 5] === 0) call?.resolve(value);
    else call?.reject(asError(value));
  }

  #fail(call: Pending | undefined, at: number): void {
    call?.reject(failure(() => this.#cause(at)));
  }

  /** What a constructor has thrown, if that is why. */
  #cause(at: number): unknown {
    const [start, stop] = [table[at + 2]!, table[at + 3]!];
    if (start === stop && start !== OVERSIZE) return undefined;
    return this.#value(at, NO_ENDS, "error");
  }

  /** What a handler throws is reported as any other error that nobody catches, and the entries behind are told all the same. */
  #tellHandler(kind: number, at: number, ends: readonly object[]): void {
    try {
      this.#handle(kind, at, ends);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  #handle(kind: number, at: number, ends: readonly object[]): void {
    const [start, stop] = [table[at + 2]!, table[at + 3]!];
    const oversize = start === OVERSIZE ? this.#oversize.shift() : undefined;
    const payload =
      oversize === undefined
        ? new PayloadAt(this.#batch, memory, start, stop, ends)
        : new PayloadAt(new Batch(oversize, oversize.length, "kept"), oversize, 0, oversize.length, ends);
    handlers[kind]?.(new EntryAt(at, ends, payload));
  }

  #value(at: number, ends: readonly object[], called: string): unknown {
    const [start, stop] = [table[at + 2]!, table[at + 3]!];
    if (start === OVERSIZE) return readAlone(this.#oversize.shift()!, ends, called);
    return this.#batch.decode(start, stop, ends, called);
  }

  #ends(count: number): readonly object[] {
    if (count === 0) return NO_ENDS;
    const first = this.#firstEnd;
    this.#firstEnd += count;
    return arrivedEnds(this.#arrived!, first, count);
  }
}

class PayloadAt implements Payload {
  readonly #batch: Batch;
  readonly #in: Uint8Array;
  readonly #start: number;
  readonly #end: number;
  readonly ends: readonly object[];

  constructor(batch: Batch, within: Uint8Array, start: number, end: number, ends: readonly object[]) {
    this.#batch = batch;
    this.#in = within;
    this.#start = start;
    this.#end = end;
    this.ends = ends;
  }

  bytes(): Uint8Array {
    return this.#in.subarray(this.#start, this.#end);
  }

  value(called: string): unknown {
    return this.#batch.decode(this.#start, this.#end, this.ends, called);
  }

  part(start: number, end: number, called: string, ends: readonly object[] = this.ends): unknown {
    return this.#batch.decode(this.#start + start, this.#start + end, ends, called);
  }

  detach(): Payload {
    const bytes = this.bytes().slice();
    return new PayloadAt(new Batch(bytes, bytes.length, "kept"), bytes, 0, bytes.length, this.ends);
  }
}

class EntryAt implements Entry {
  readonly name: number;
  readonly words: readonly [number, number, number];
  readonly ends: readonly object[];
  readonly #payload: PayloadAt;

  constructor(at: number, ends: readonly object[], payload: PayloadAt) {
    this.name = table[at + 1]!;
    this.words = [table[at + 5]!, table[at + 6]!, table[at + 7]!];
    this.ends = ends;
    this.#payload = payload;
  }

  bytes(): Uint8Array {
    return this.#payload.bytes();
  }

  value(called: string): unknown {
    return this.#payload.value(called);
  }

  part(start: number, end: number, called: string, ends?: readonly object[]): unknown {
    return this.#payload.part(start, end, called, ends);
  }

  detach(): Payload {
    return this.#payload.detach();
  }
}

function readAlone(bytes: Uint8Array, ends: readonly object[], called: string): unknown {
  return new Batch(bytes, bytes.length, "kept").decode(0, bytes.length, ends, called);
}
