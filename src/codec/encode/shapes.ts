/** The keys of plain objects, in order, with the bytes that say them. */
export interface Shape {
  readonly keys: readonly string[];
  /** Those bytes, as little-endian words: see {@link keyWords}. */
  readonly words: Int32Array;
  /** The last message that defined this shape. */
  message: number;
  /** Its number in that message. */
  number: number;
}

/** Objects with more keys are dictionaries; their keys hardly come again in the same order. */
const MAX_SHAPE_KEYS = 32;

/** What one length byte can say. */
const MAX_KEY_BYTES = 0xff;
const MAX_SHAPE_WORDS = 0xff;

const SLOTS = 512;
/** A first sighting leaves the keys alone; only keys that come again are worth a shape. */
const candidates: (readonly string[] | undefined)[] = Array.from({ length: SLOTS });
const shapes: (Shape | undefined)[] = Array.from({ length: SLOTS });

/**
 * The shape for objects with these keys; none if they were not seen lately, or are too many or too long.
 *
 * The table is shared by all messages of the process. It only saves work: each message defines what it uses.
 */
export function shapeOf(keys: readonly string[]): Shape | undefined {
  const count = keys.length;
  if (count === 0 || count > MAX_SHAPE_KEYS) return undefined;
  const slot = slotOf(keys, count);
  const shape = shapes[slot];
  if (shape !== undefined && sameKeys(shape.keys, keys)) return shape;
  const candidate = candidates[slot];
  if (candidate === undefined || !sameKeys(candidate, keys)) {
    // Keys that are too long for a shape are not worth keeping alive either.
    if (keys.every((key) => key.length <= MAX_KEY_BYTES)) candidates[slot] = keys;
    return undefined;
  }
  const words = keyWords(keys);
  if (words === undefined) return undefined;
  return (shapes[slot] = { keys, words, message: 0, number: 0 });
}

function slotOf(keys: readonly string[], count: number): number {
  const hash = mix(mix(mix(count, keys[0]!), keys[count >> 1]!), keys[count - 1]!);
  return (hash ^ (hash >>> 9)) & (SLOTS - 1);
}

function mix(hash: number, key: string): number {
  const { length } = key;
  return (
    Math.imul(hash, 31) + length + (length === 0 ? 0 : 7 * key.charCodeAt(length - 1) + key.charCodeAt(0))
  );
}

// Keys of objects are interned, so equal ones are mostly one pointer.
function sameKeys(ours: readonly string[], keys: readonly string[]): boolean {
  if (ours.length !== keys.length) return false;
  for (let i = 0; i < keys.length; i++) {
    if (ours[i] !== keys[i]) return false;
  }
  return true;
}

/** Count of keys, then each key as length and UTF-8 bytes, then zeros up to a word. */
function keyWords(keys: readonly string[]): Int32Array | undefined {
  if (!keys.every((key) => key.isWellFormed() && Buffer.byteLength(key) <= MAX_KEY_BYTES)) return undefined;
  const parts = keys.flatMap((key) => [Buffer.of(Buffer.byteLength(key)), Buffer.from(key)]);
  const blob = Buffer.concat([Buffer.of(keys.length), ...parts]);
  const words = Math.ceil(blob.length / 4);
  if (words > MAX_SHAPE_WORDS) return undefined;
  const padded = Buffer.concat([blob], words * 4);
  return Int32Array.from({ length: words }, (_, i) => padded.readInt32LE(i * 4));
}
