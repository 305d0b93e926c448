import test from "ava";

import { Batch, Staging, encode } from "../../src/codec/index.ts";
import { decodeCopy, encoded } from "./round-trip.ts";
import { difference } from "./same-graph.ts";

const LARGE = 4_096;

test("large bytes stand behind the structured part, 64-byte aligned from the payload's start", (t) => {
  const bytes = new Uint8Array(LARGE).fill(0xaa);
  const words = new Float64Array(LARGE / 8).fill(-2);
  const value = { before: 1, bytes, words, buffer: new Uint8Array(LARGE).fill(0xbb).buffer, after: "text" };
  for (const start of [0, 16, 48, 7]) {
    const staging = new Staging(new Uint8Array(64));
    staging.position = start;
    const end = encode(value, staging);
    const payload = staging.bytes.subarray(start, end);
    const places = [0xaa, -2, 0xbb].map((_, i) => payload.length - (3 - i) * LARGE);
    t.deepEqual(
      places.map((place) => place % 64),
      [0, 0, 0],
    );
    t.true(payload.subarray(places[0], places[1]).every((byte) => byte === 0xaa));
    t.is(difference(new Batch(staging.bytes).decode(start, end), value), undefined);
  }
});

test("what lies between is zero, not what was there before", (t) => {
  const staging = new Staging(new Uint8Array(100_000).fill(0xee));
  const end = encode(
    [new Float32Array([1]), new Uint8Array(LARGE), new Uint8Array(LARGE + 1), new Uint8Array(LARGE)],
    staging,
  );
  t.true(staging.bytes.subarray(0, end).every((byte) => byte !== 0xee));
});

test("small elements are aligned too, so views of a batch need no copies of their own", (t) => {
  const payload = encoded(["x", new Float64Array([1, 2])]);
  t.true(payload.length < 40);
  const batch = new Batch(payload);
  const [, doubles] = batch.decode(0, payload.length) as [string, Float64Array];
  t.deepEqual([...doubles], [1, 2]);
});

/** Messages as they lie in a receive buffer, each at a multiple of 16 bytes. */
function received(values: readonly unknown[]): { staging: Staging; places: [start: number, end: number][] } {
  const staging = new Staging(new Uint8Array(1_024));
  const places = values.map((value): [number, number] => {
    staging.position = Math.ceil(staging.position / 16) * 16;
    const start = staging.position;
    return [start, encode(value, staging)];
  });
  return { staging, places };
}

test("byte values of a batch share a copy, and stay when the receive buffer is used again", (t) => {
  const values = Array.from({ length: 200 }, (_, i) => ({
    i,
    bytes: new Uint8Array(64).fill(i),
    wide: new Uint32Array([i]),
  }));
  const { staging, places } = received(values);
  const batch = new Batch(staging.bytes, staging.position);
  const arrived = places.map(([start, end]) => batch.decode(start, end)) as typeof values;
  staging.bytes.fill(0xff);
  t.is(difference(arrived, values), undefined);
  const buffers = new Set(arrived.flatMap(({ bytes, wide }) => [bytes.buffer, wide.buffer]));
  t.true(buffers.size <= 4, `${buffers.size} copies`);
  for (const buffer of buffers) t.true(buffer.byteLength <= 16_384);
});

test("a copy that is shared cannot be taken away from the others by a transfer, one that is not can", (t) => {
  const { staging, places } = received([new Uint8Array(8), new Uint8Array(8), new Uint8Array(LARGE)]);
  const batch = new Batch(staging.bytes, staging.position);
  const [first, second, large] = places.map(([start, end]) => batch.decode(start, end)) as Uint8Array[];
  try {
    // Old versions of Node.js copy instead, new ones throw.
    structuredClone(first, { transfer: [first!.buffer as ArrayBuffer] });
  } catch (error) {
    t.is((error as Error).name, "DataCloneError");
  }
  t.is(second!.length, 8);
  t.notThrows(() => structuredClone(large, { transfer: [large!.buffer as ArrayBuffer] }));
});

test("bytes that are detached while the rest is written are refused, not replaced by what was there", (t) => {
  for (const length of [16, LARGE]) {
    const bytes = new Uint8Array(length).fill(1);
    const value = [bytes, { get x() { structuredClone(0, { transfer: [bytes.buffer] }); return 1 } }]; // prettier-ignore
    if (length < LARGE) t.notThrows(() => encoded(value));
    else t.throws(() => encoded(value), { message: /changed while it was written/ });
  }
});

test("a large value keeps nothing else alive, and an ArrayBuffer is never shared", (t) => {
  const values = [
    new Uint8Array(8),
    new Uint8Array(LARGE),
    new Float64Array(LARGE / 8),
    Buffer.alloc(8),
    Buffer.alloc(LARGE),
    new Uint8Array(8),
  ];
  const buffers = [new ArrayBuffer(8), new ArrayBuffer(LARGE)];
  const { staging, places } = received([...values, ...buffers]);
  const batch = new Batch(staging.bytes, staging.position);
  const arrived = places.map(([start, end]) => batch.decode(start, end));
  const large = (arrived.slice(0, 6) as Uint8Array[]).filter(({ byteLength }) => byteLength === LARGE);
  t.deepEqual(
    large.map(({ buffer }) => buffer.byteLength),
    [LARGE, LARGE, LARGE],
  );
  t.deepEqual(
    (arrived.slice(6) as ArrayBuffer[]).map(({ byteLength }) => byteLength),
    [8, LARGE],
  );
});

test("views on bytes that are kept are no copies", (t) => {
  const payload = encoded({ bytes: new Uint8Array(LARGE).fill(1), doubles: new Float64Array(LARGE / 8) });
  const bytes = new Uint8Array(payload);
  const arrived = new Batch(bytes, bytes.length, "kept").decode(0, bytes.length) as Record<
    string,
    ArrayBufferView
  >;
  t.is(arrived.bytes!.buffer, bytes.buffer);
  t.is(arrived.doubles!.buffer, bytes.buffer);
});

test("elements that are out of line where they lie are copied, whatever was agreed", (t) => {
  const value = [new Float64Array([1, 2, 3]), new Uint16Array([7])];
  const payload = encoded(value);
  for (const policy of ["copied", "kept"] as const) {
    for (let shift = 0; shift < 9; shift++) {
      const bytes = new Uint8Array(payload.length + shift);
      bytes.set(payload, shift);
      t.is(difference(new Batch(bytes, bytes.length, policy).decode(shift, bytes.length), value), undefined);
    }
  }
});

test("a receive buffer may be a Buffer, and lie anywhere in its memory", (t) => {
  const value = {
    text: "x".repeat(50),
    bytes: new Uint8Array([1, 2]),
    doubles: new Float64Array(3),
    large: Buffer.alloc(LARGE, 3),
  };
  const payload = encoded(value);
  const memory = Buffer.alloc(payload.length + 64);
  const bytes = memory.subarray(5);
  bytes.set(payload, 16);
  t.is(difference(new Batch(bytes).decode(16, 16 + payload.length), value), undefined);
});

test("a Buffer travels without what else its pool holds", (t) => {
  const secret = Buffer.from("secret-secret-secret");
  const sent = [Buffer.from("one"), Buffer.from("two")];
  t.is(secret.buffer, sent[0]!.buffer, "expected Buffers of one pool");
  const payload = Buffer.from(encoded(sent));
  t.is(payload.indexOf("secret"), -1);
  t.deepEqual(decodeCopy(payload), sent);
  t.true(Buffer.isBuffer((decodeCopy(payload) as Buffer[])[0]));
});

test("what a view claims to be long does not matter, only what it is", (t) => {
  const lying = Object.defineProperty(new Uint8Array([1, 2]), "length", { value: 1_000 });
  t.deepEqual([...(decodeCopy(encoded([lying])) as Uint8Array[])[0]!], [1, 2]);
  const deceitful = Object.defineProperty(new Uint8Array([1, 2]), "byteLength", { value: 1_000 });
  t.deepEqual([...(decodeCopy(encoded(deceitful)) as Uint8Array)], [1, 2]);
});
