/**
 * Messages out of the addon's inbox, read.
 *
 * Reading runs user code: decode functions of registered classes, which may receive messages themselves. What they take
 * overwrites the inbox; it is put back afterwards.
 *
 * @module
 */
import { Batch, decode } from "../codec/index.ts";
import { inbox, table } from "../loop.ts";
import { MESSAGE_WORDS, OVERSIZE, native } from "../native/index.ts";
import { arrivedEnds } from "./arrived.ts";

/** There was no message. */
export const NOTHING: unique symbol = Symbol("nothing");

/** A message, or why it can't be read here. */
export type Message = { readonly value: unknown } | { readonly error: unknown };

type Take = (receiver: number, max: number) => number;

const NO_ENDS: readonly object[] = [];

/** Messages that are being read now, one in the decode function of another. */
let reading = 0;

/** Takes and reads one message. */
export function takeOne(take: Take, receiver: number): unknown {
  const saved = reading > 0 ? save() : undefined;
  try {
    return take(receiver, 1) === 0 ? NOTHING : read(readOne);
  } finally {
    if (saved !== undefined) restore(saved);
  }
}

/**
 * Takes and reads up to `max` messages: their values, and from the first that can't be read on, all of them with what became of
 * them.
 */
export function takeMany(receiver: number, max: number): { values: unknown[]; rest: Message[] } | undefined {
  const saved = reading > 0 ? save() : undefined;
  try {
    const count = native.take(receiver, max);
    return count === 0 ? undefined : read(() => readMany(count));
  } finally {
    if (saved !== undefined) restore(saved);
  }
}

function read<R>(what: () => R): R {
  reading++;
  try {
    return what();
  } finally {
    reading--;
  }
}

function readOne(): unknown {
  const [start, end, count] = [table[0]!, table[1]!, table[3]!];
  const ends = count === 0 ? NO_ENDS : arrivedEnds(native.arrived(), 0, count);
  return start === OVERSIZE
    ? readOversize(native.oversize()[0]!, ends)
    : decode(inbox, start, end, ends, "message");
}

function readMany(count: number): { values: unknown[]; rest: Message[] } {
  const values: unknown[] = [];
  const rest: Message[] = [];
  const ends = endsOf(count);
  const { batch, oversize } = batchOf(count);
  for (let n = 0; n < count; n++) {
    const at = n * MESSAGE_WORDS;
    const refs = ends?.[n] ?? NO_ENDS;
    const start = table[at]!;
    try {
      const value =
        start === OVERSIZE
          ? readOversize(oversize.shift()!, refs)
          : batch.decode(start, table[at + 1]!, refs, "message");
      if (rest.length === 0) values.push(value);
      else rest.push({ value });
    } catch (error) {
      rest.push({ error });
    }
  }
  return { values, rest };
}

/** The ends of each message; `undefined` if none came with any. Before anything is read: user code could take others. */
function endsOf(count: number): readonly (readonly object[])[] | undefined {
  let sum = 0;
  for (let at = 3; at < count * MESSAGE_WORDS; at += MESSAGE_WORDS) sum += table[at]!;
  if (sum === 0) return undefined;
  const pairs = native.arrived();
  let first = 0;
  return Array.from({ length: count }, (_, n) => {
    const ends = arrivedEnds(pairs, first, table[n * MESSAGE_WORDS + 3]!);
    first += ends.length;
    return ends;
  });
}

function batchOf(count: number): { batch: Batch; oversize: Uint8Array[] } {
  let end = 0;
  let hasOversize = false;
  for (let at = 0; at < count * MESSAGE_WORDS; at += MESSAGE_WORDS) {
    if (table[at] === OVERSIZE) hasOversize = true;
    else end = table[at + 1]!;
  }
  return { batch: new Batch(inbox, end), oversize: hasOversize ? native.oversize() : [] };
}

function readOversize(bytes: Uint8Array, ends: readonly object[]): unknown {
  return new Batch(bytes, bytes.length, "kept").decode(0, bytes.length, ends, "message");
}

function save(): { inbox: Uint8Array; table: Uint32Array } {
  return { inbox: inbox.slice(), table: table.slice() };
}

function restore(saved: ReturnType<typeof save>): void {
  inbox.set(saved.inbox);
  table.set(saved.table);
}
