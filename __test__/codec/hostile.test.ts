import test from "ava";

import { SerializationError } from "../../src/errors/index.ts";
import * as tags from "../../src/codec/tags.ts";
import { Batch, decode, registerSerializer } from "../../src/codec/index.ts";
import { decodeCopy, encoded } from "./round-trip.ts";

function rejected(bytes: readonly number[]): SerializationError {
  try {
    decodeCopy(Uint8Array.from(bytes));
  } catch (error) {
    if (error instanceof SerializationError) return error;
    throw error;
  }
  throw new Error("it was read");
}

/** 2^53 - 1. */
const HUGE = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];

for (const [name, bytes] of Object.entries({
  "an unknown tag": [0xff],
  "a hole in the table of tags": [0xbf],
  "a length beyond 2^53": [tags.LATIN1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
  "a length without end": [tags.LATIN1, ...Array<number>(20).fill(0xff)],
  "a string of 2^53 bytes": [tags.UTF8, ...HUGE],
  "half a code unit": [tags.UTF16, 1, 0x61],
  "an array of 2^53 elements": [tags.ARRAY, ...HUGE],
  "an array of 2^53 empty slots": [tags.KEYED_ARRAY, ...HUGE, 0],
  "a Map of 2^53 entries": [tags.MAP, ...HUGE],
  "a Set of 2^53 members": [tags.SET, ...HUGE],
  "an object of 2^53 keys": [tags.OBJECT, ...HUGE],
  "a key that is no string": [tags.OBJECT, 1, 5, 5],
  "a bigint of 2^52 bytes": [tags.BIGINT, ...HUGE],
  "a bigint without bytes": [tags.BIGINT, 0],
  "a Uint8Array of 2^53 bytes": [tags.UINT8_ARRAY, ...HUGE],
  "a view of an unknown kind": [tags.VIEW, 99, 0],
  "half an element": [tags.VIEW, 8, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  "an ArrayBuffer of 2^53 bytes": [tags.ARRAY_BUFFER, ...HUGE],
  "bytes out of band beyond the end": [tags.VIEW_OUT_OF_BAND, 0, 64, 1, 0, 0, 0],
  "bytes out of band inside the structured part": [tags.ARRAY_BUFFER_OUT_OF_BAND, 4, 0, 0, 0, 0],
  "a view on no buffer": [tags.VIEW_OF_BUFFER, 0, 0, 0, 5],
  "a view beyond its buffer": [tags.VIEW_OF_BUFFER, 0, 1, 2, tags.ARRAY_BUFFER, 2, 0, 0],
  "a view out of line with its buffer": [tags.VIEW_OF_BUFFER, 4, 1, 2, tags.ARRAY_BUFFER, 4, 0, 0, 0, 0],
  "an element beyond the array": [tags.KEYED_ARRAY, 2, 1, 2, 5],
  "an element between two": [tags.KEYED_ARRAY, 2, 1, tags.FLOAT64, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f, 5],
  "an element named length": [tags.KEYED_ARRAY, 2, 1, ...named("length"), 5],
  "an element named like an index": [tags.KEYED_ARRAY, 2, 1, ...named("7"), 5],
  "a reference to an object to come": [tags.BACK_REFERENCE, 0],
  "a reference to what is being made": [tags.BOXED, tags.BACK_REFERENCE, 0],
  "a shape to come": [tags.KNOWN_SHAPE_OBJECT, 0],
  "a shape of no words": [tags.SHAPED_OBJECT, 0],
  "a shape without keys": [tags.SHAPED_OBJECT, 1, 0, 0, 0, 0],
  "a key beyond its shape": [tags.SHAPED_OBJECT, 1, 1, 200, 0, 0, 5],
  "more keys than a shape has": [tags.SHAPED_OBJECT, 1, 9, 1, 0x61, 0, 5],
  "an index behind a name": [tags.SHAPED_OBJECT, 2, 2, 1, 0x61, 1, 0x37, 0, 0, 0, 5, 5],
  "one key twice": [tags.SHAPED_OBJECT, 2, 2, 1, 0x61, 1, 0x61, 0, 0, 0, 5, 5],
  "a box without a primitive": [tags.BOXED, tags.NULL],
  "an expression that is none": [tags.REGEXP, ...named("["), ...named("")],
  "flags that are none": [tags.REGEXP, ...named("a"), ...named("gg")],
  "a URL that is none": [tags.URL_TAG, ...named("no url")],
  "an error of an unknown class": [tags.ERROR, 99, 0, ...named("m"), 0],
  "an error with unknown bits": [tags.ERROR, 0, 0x80, ...named("m"), 0],
  "an object that did not arrive": [tags.REFERENCE, 0],
})) {
  test(`${name} is an error`, (t) => {
    t.is(rejected(bytes).code, "ERR_KLAW_VALUE_CORRUPT");
  });
}

/** A short string, as it travels. */
function named(text: string): number[] {
  return [tags.FIX_LATIN1 + text.length, ...Buffer.from(text, "latin1")];
}

test("what only looks right is told apart", (t) => {
  t.regex(rejected([tags.BIGINT, 1]).message, /without bytes/);
  const outOfLine = [tags.VIEW_OF_BUFFER, 4, 1, 2, tags.ARRAY_BUFFER, 4, 0, 0, 0, 0];
  t.regex(rejected(outOfLine).message, /does not fit its buffer/);
  t.regex(rejected([tags.VIEW_OUT_OF_BAND, 0, 64, 1, 0, 0, 0]).message, /64 bytes out of band at 64/);
});

test("a class that nobody registered is an error of its own", (t) => {
  const forms = [
    [tags.INSTANCE, ...named("Nobody"), 0],
    [tags.CONVERTED_INSTANCE, ...named("Nobody"), 0],
    [tags.ERROR, 0, 16, ...named("Nobody"), ...named("m"), 0],
  ];
  for (const bytes of forms) t.is(rejected(bytes).code, "ERR_KLAW_CLASS_NOT_REGISTERED");
});

test("__proto__ is a property like any other, in each form of an object", (t) => {
  const proto = [tags.OBJECT, 1, ...named("evil"), tags.TRUE];
  const word = [...Buffer.from("__proto__")];
  const forms = [
    [tags.OBJECT, 1, ...named("__proto__"), ...proto],
    [tags.SHAPED_OBJECT, 3, 1, word.length, ...word, 0, ...proto],
    [tags.ERROR, 0, 0, ...named("m"), 1, ...named("__proto__"), ...proto],
    [tags.KEYED_ARRAY, 0, 1, ...named("__proto__"), ...proto],
  ];
  for (const bytes of forms) {
    const value = decodeCopy(Uint8Array.from(bytes)) as object & { evil?: unknown };
    t.true(Object.hasOwn(value, "__proto__"));
    t.is(value.evil, undefined);
  }
});

test("setters that somebody put on Object.prototype are not called by what arrives", (t) => {
  const called: unknown[] = [];
  const plain = Object.getPrototypeOf({}) as { planted?: unknown };
  const set = (value: unknown): void => {
    called.push(value);
  };
  Object.defineProperty(plain, "planted", { set, configurable: true });
  try {
    const word = [...Buffer.from("planted")];
    for (const bytes of [
      [tags.OBJECT, 1, ...named("planted"), 5],
      [tags.SHAPED_OBJECT, 3, 1, word.length, ...word, 0, 0, 0, 5],
    ]) {
      t.is(Object.getOwnPropertyDescriptor(decodeCopy(Uint8Array.from(bytes)), "planted")?.value, 5);
    }
  } finally {
    delete plain.planted;
  }
  t.deepEqual(called, []);
});

test("a name cannot reach a class that is not registered", (t) => {
  for (const name of ["Object", "Function", "__proto__", "constructor", "toString"]) {
    t.is(rejected([tags.INSTANCE, ...named(name), 0]).code, "ERR_KLAW_CLASS_NOT_REGISTERED");
  }
});

test("nesting is limited: thousands of levels are an error, not a crash", (t) => {
  for (const level of [
    [tags.FIX_ARRAY + 1],
    [tags.SET, 1],
    [tags.MAP, 1, 0],
    [tags.BOXED],
    [tags.VIEW_OF_BUFFER, 0, 0, 0],
  ]) {
    const error = rejected(Array.from({ length: 100_000 }, () => level).flat());
    t.regex(error.message, /nested more than 1000 levels/);
  }
});

test("a few bytes make no large allocation", (t) => {
  const before = process.memoryUsage();
  const held: unknown[] = [];
  for (let i = 0; i < 50; i++) {
    // 30 million empty slots, in an array that holds one element.
    held.push(decodeCopy(Uint8Array.from([tags.KEYED_ARRAY, 0x80, 0x87, 0xa7, 0x0e, 1, 5, 5])));
  }
  const after = process.memoryUsage();
  t.is((held[0] as unknown[]).length, 30_000_000);
  t.true(after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers < 50_000_000);
});

test("a count is checked before anything is made for it", (t) => {
  for (const tag of [tags.ARRAY, tags.MAP, tags.SET, tags.OBJECT, tags.NULL_PROTOTYPE_OBJECT]) {
    t.regex(rejected([tag, 0x80, 0x87, 0xa7, 0x0e, 5]).message, /30000000 parts announced, 1 bytes left/);
  }
  for (const tag of [tags.LATIN1, tags.UTF8, tags.BIGINT, tags.UINT8_ARRAY, tags.ARRAY_BUFFER]) {
    t.regex(rejected([tag, 0x80, 0x87, 0xa7, 0x0e, 5]).message, /(?:30|15)000000 bytes announced, 1 left/);
  }
});

class Whole {}
registerSerializer(Whole, { encode: () => [], decode: (parts) => Object.assign(new Whole(), { parts }) });

test("a decode function never gets the object that it is to make", (t) => {
  t.regex(
    rejected([tags.CONVERTED_INSTANCE, ...named("Whole"), tags.FIX_ARRAY + 1, tags.BACK_REFERENCE, 0])
      .message,
    /part of its own encoded form/,
  );
});

test("bytes out of band cannot be named twice, so no one place is copied over and over", (t) => {
  const sent = Buffer.from(encoded([new Uint8Array(4_096), new Uint8Array(4_096)]));
  const [first, second] = [5, 13].map((at) => sent.readUInt32LE(at));
  t.deepEqual([first, second], [1, 65], "the format is another than this test expects");
  sent.writeUInt32LE(1, 13);
  // At the second one, before it is copied: not at the end of the message.
  t.regex(rejected([...sent]).message, /value\[1\]: 4096 bytes out of band at 64/);
});

/** The head of a Uint8Array of 10 bytes out of band, at `place` times 64. */
const outOfBand = (place: number): number[] => [tags.VIEW_OUT_OF_BAND, 0, 10, place, 0, 0, 0];
const zeros = (count: number): number[] => Array.from({ length: count }, () => 0);
const payload = (...parts: number[][]): number[] => parts.flat();

test("bytes out of band cannot hide others before them, nor be part of the structured part", (t) => {
  t.notThrows(() => decodeCopy(Uint8Array.from(payload(outOfBand(1), zeros(57), zeros(10)))));
  t.regex(rejected(payload(outOfBand(2), zeros(121), zeros(10))).message, /behind the value/);
  // 66 zeros, which are elements of the array and bytes of the view.
  t.regex(rejected(payload([tags.ARRAY, 67], outOfBand(1), zeros(66))).message, /behind the value/);
});

test("places that are none in the bytes are errors", (t) => {
  const bytes = new Uint8Array(10);
  for (const [start, end] of [
    [0, 0],
    [-1, 5],
    [5, 4],
    [0, 11],
    [Number.NaN, 5],
    [0.5, Number.NaN],
  ] as const) {
    // prettier-ignore
    t.throws(() => decode(bytes, start, end), { instanceOf: SerializationError });
    t.throws(() => new Batch(bytes).decode(start, end), { instanceOf: SerializationError });
  }
});

test("an error says where it is, and a failed message leaves nothing behind for the next", (t) => {
  const error = rejected([tags.FIX_ARRAY + 1, tags.OBJECT, 1, ...named("key"), tags.MAP, 1, 5, 0xff]);
  t.is(error.path, "value[0].key.get(5)");
  t.regex(error.message, /^cannot read value\[0\]\.key\.get\(5\): unknown tag 255/);
  t.is(rejected([tags.BACK_REFERENCE, 0]).code, "ERR_KLAW_VALUE_CORRUPT");
  t.is(rejected([tags.KNOWN_SHAPE_OBJECT, 0]).code, "ERR_KLAW_VALUE_CORRUPT");
});
