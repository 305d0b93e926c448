import { corrupt } from "../failure.ts";
import type { Reader } from "./reader.ts";

/** The keys of plain objects, in order. */
export interface DecodedShape {
  readonly keys: readonly string[];
  /** True if assigning to one of the keys is more than that: see {@link isInherited}. */
  readonly hasInherited: boolean;
  /** The bytes that say so, as words. */
  readonly words: Int32Array;
}

const SLOT_BITS = 9;
/** Shared by all messages of the process; it only saves work. */
const known: (DecodedShape | undefined)[] = Array.from({ length: 1 << SLOT_BITS });

/**
 * True for keys that plain objects inherit. Assigning to `__proto__` sets the prototype, to others fails where
 * prototypes are frozen, and to what somebody has put there may call a setter: such keys are defined instead.
 */
export function isInherited(key: string): boolean {
  return key in Object.prototype;
}

/** Reads the definition of a shape, and adds it to those of the message. */
export function readShape(reader: Reader): DecodedShape {
  const words = reader.byte();
  const start = reader.take(4 * words);
  const { view } = reader;
  if (words === 0) throw corrupt("a shape without keys");
  const slot = slotOf(view, start, words);
  let shape = known[slot];
  if (shape === undefined || !says(shape.words, view, start, words)) {
    shape = parseShape(reader, start, words);
    known[slot] = shape;
  }
  reader.addShape(shape);
  return shape;
}

function slotOf(view: DataView, start: number, words: number): number {
  const middle = Math.imul(view.getInt32(start + 4 * (words >> 1), true), 31);
  const hash = Math.imul(
    view.getInt32(start, true) + middle + view.getInt32(start + 4 * (words - 1), true),
    0x9e37_79b1,
  );
  return (hash + words) >>> (32 - SLOT_BITS);
}

function says(ours: Int32Array, view: DataView, start: number, words: number): boolean {
  if (ours.length !== words) return false;
  for (let i = 0; i < words; i++) {
    if (ours[i] !== view.getInt32(start + 4 * i, true)) return false;
  }
  return true;
}

function parseShape({ bytes, text, view }: Reader, start: number, words: number): DecodedShape {
  const end = start + 4 * words;
  const count = bytes[start]!;
  if (count === 0) throw corrupt("a shape without keys");
  let at = start + 1;
  const named: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (let i = 0; i < count; i++) {
    const keyEnd = at + 1 + bytes[at]!;
    // Also not a number, if the shape's length byte lies behind the last byte of all.
    if (!(at < end && keyEnd <= end)) throw corrupt("a key beyond its shape");
    named[text.toString("utf8", at + 1, keyEnd)] = i;
    at = keyEnd;
  }
  const keys = Object.keys(named);
  // One key twice shows here, and integer-like keys behind others: no object has them in this order.
  if (keys.some((key, i) => named[key] !== i)) throw corrupt("a shape that no object has");
  return {
    keys,
    hasInherited: keys.some(isInherited),
    words: Int32Array.from({ length: words }, (_, i) => view.getInt32(start + 4 * i, true)),
  };
}
