// What a message costs to encode and to decode, beside other codecs in the same run:
//   node --import=tsx bench/codec.ts
// A row's figures are nanoseconds, the best of its rounds, and their ratio to ours.
import { deserialize, serialize } from "node:v8";

import { Packr, Unpackr } from "msgpackr";

import { Batch, Staging, encode } from "../src/codec/index.ts";

const ROUNDS = 15;
const ROUND_NS = 20_000_000;
/** Distinct values of each kind, so that nothing is measured that a cache of one value would do. */
const VARIANTS = 64;
/** Messages of a batch lie as records do: each at a multiple of this. */
const RECORD_ALIGNMENT = 16;

interface Codec {
  readonly name: string;
  /** Bytes of the message at `index` of the last `prepare`. */
  encodeOne(value: unknown): number;
  prepare(values: readonly unknown[]): void;
  /** Decodes all that was prepared. */
  decodeAll(): unknown;
}

const staging = new Staging(new Uint8Array(1 << 20));

function ours(): Codec {
  const places: number[] = [];
  return {
    name: "klaw",
    encodeOne(value) {
      staging.position = 0;
      return encode(value, staging);
    },
    prepare(values) {
      places.length = 0;
      staging.position = 0;
      for (const value of values) {
        const start = staging.position;
        const end = encode(value, staging);
        places.push(start, end);
        staging.position = Math.ceil(end / RECORD_ALIGNMENT) * RECORD_ALIGNMENT;
      }
    },
    decodeAll() {
      const batch = new Batch(staging.bytes, 0, staging.position);
      let last: unknown;
      for (let i = 0; i < places.length; i += 2) last = batch.decode(places[i]!, places[i + 1]!);
      return last;
    },
  };
}

function msgpackr(name: string, options: object): Codec & { decodeOne: (index: number) => unknown } {
  const packr = new Packr(options);
  const unpackr = new Unpackr(options);
  const target = Buffer.alloc(16 << 20);
  let source = Buffer.alloc(0);
  const places: { start: number; end: number }[] = [];
  return {
    name,
    encodeOne(value) {
      packr.useBuffer(target);
      return packr.pack(value).length;
    },
    prepare(values) {
      places.length = 0;
      let end = 0;
      const parts = values.map((value) => {
        const part = Buffer.from(packr.pack(value));
        places.push({ start: end, end: (end += part.length) });
        return part;
      });
      source = Buffer.concat(parts);
    },
    decodeAll() {
      let last: unknown;
      for (let i = 0; i < places.length; i++) last = this.decodeOne(i);
      return last;
    },
    decodeOne: (i) => unpackr.unpack(source, places[i] as never) as unknown,
  };
}

/** Objects of one shape as arrays of values, the keys left out: the least that a serializer below ours would do. */
function valuesOnly(): Codec {
  const inner = msgpackr("msgpackr, values", { useRecords: false });
  let keys: string[] = [];
  type Row = Record<string, unknown>;
  const lowered = (value: unknown): unknown[] => {
    const items: unknown[] = [];
    const row = value as Row;
    for (const key of Object.keys(row)) items.push(row[key]);
    return items;
  };
  return {
    ...inner,
    encodeOne: (value) => inner.encodeOne(lowered(value)),
    prepare(rows) {
      keys = Object.keys(rows[0] as object);
      inner.prepare(rows.map(lowered));
    },
    decodeAll() {
      let last: unknown;
      for (let i = 0; i < VARIANTS; i++) {
        const items = inner.decodeOne(i) as unknown[];
        const object: Row = {};
        for (let j = 0; j < keys.length; j++) object[keys[j]!] = items[j];
        last = object;
      }
      return last;
    },
  };
}

function slices(name: string, write: (value: unknown) => Buffer, read: (bytes: Buffer) => unknown): Codec {
  let parts: Buffer[] = [];
  return {
    name,
    encodeOne: (value) => write(value).length,
    prepare(values) {
      parts = values.map(write);
    },
    decodeAll() {
      let last: unknown;
      for (const part of parts) last = read(part);
      return last;
    },
  };
}

const OURS = ours();
const MAPS = msgpackr("msgpackr, maps", { useRecords: false });
const VALUES = valuesOnly();
const RECORDS = msgpackr("msgpackr, records", { useRecords: true });
const GRAPH = msgpackr("msgpackr, graph", { useRecords: false, structuredClone: true });
const JSON_TEXT = slices(
  "JSON",
  (value) => Buffer.from(JSON.stringify(value)),
  (bytes) => JSON.parse(bytes.toString()) as unknown,
);
const V8 = slices("v8.serialize", serialize, deserialize);

type Make = (index: number) => unknown;
const row: Make = (i) => ({ id: i * 1_000, name: `name number ${i}`, value: i * 1.37, flag: i % 2 === 0 });

const CASES: readonly (readonly [name: string, make: Make, others: readonly Codec[]])[] = [
  ["number", (i) => i * 1.5, [MAPS, JSON_TEXT, V8]],
  ["string of 20", (i) => `message number ${String(i).padStart(5)}`, [MAPS, JSON_TEXT, V8]],
  ["Uint8Array of 64", (i) => new Uint8Array(64).fill(i), [MAPS, V8]],
  ["Uint8Array of 4 KiB", (i) => new Uint8Array(4_096).fill(i), [MAPS, V8]],
  ["Uint8Array of 64 KiB", (i) => new Uint8Array(65_536).fill(i), [MAPS, V8]],
  ["{id,name,value,flag}", row, [MAPS, VALUES, RECORDS, GRAPH, JSON_TEXT, V8]],
  [
    "nested object",
    (i) => ({ user: row(i), tags: ["a", "b"], at: { x: i, y: -i } }),
    [MAPS, GRAPH, JSON_TEXT, V8],
  ],
  ["60 rows", (i) => Array.from({ length: 60 }, (_, j) => row(i + j)), [MAPS, RECORDS, GRAPH, JSON_TEXT, V8]],
  [
    "1,000 numbers",
    (i) => Array.from({ length: 1_000 }, (_, j) => i + j * 0.5),
    [MAPS, GRAPH, JSON_TEXT, V8],
  ],
  ["Map of 20", (i) => new Map(Array.from({ length: 20 }, (_, j) => [`key${j}`, i + j])), [GRAPH, V8]],
  ["row with 64 bytes", (i) => ({ id: i, data: new Uint8Array(64).fill(i) }), [MAPS, V8]],
];

/** Nanoseconds of one call, the best of all rounds. */
function bestNs(calls: number, run: () => unknown): number {
  let best = Infinity;
  let repeats = 1;
  for (let round = -3; round < ROUNDS; round++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < repeats; i++) run();
    const ns = Number(process.hrtime.bigint() - start) / repeats;
    if (round >= 0) best = Math.min(best, ns);
    repeats = Math.max(1, Math.round(ROUND_NS / ns));
  }
  return best / calls;
}

function measure(
  codec: Codec,
  values: readonly unknown[],
): { encodeNs: number; decodeNs: number; bytes: number } {
  let bytes = 0;
  const encodeNs = bestNs(values.length, () => {
    for (const value of values) bytes = codec.encodeOne(value);
  });
  codec.prepare(values);
  return { encodeNs, decodeNs: bestNs(values.length, () => codec.decodeAll()), bytes };
}

function times(ns: number, ofNs: number): string {
  return `${ns.toFixed(0).padStart(8)} ${(ns / ofNs).toFixed(2).padStart(6)}x`;
}

function main(): void {
  const only = process.argv[2];
  console.log(`Node.js ${process.version}; ns each, x = times ours`);
  for (const [name, make, others] of CASES) {
    if (only !== undefined && !name.includes(only)) continue;
    const values = Array.from({ length: VARIANTS }, (_, i) => make(i));
    console.log(`\n${name}`);
    let base: { encodeNs: number; decodeNs: number } | undefined;
    for (const codec of [OURS, ...others]) {
      const { encodeNs, decodeNs, bytes } = measure(codec, values);
      base ??= { encodeNs, decodeNs };
      console.log(
        `  ${codec.name.padEnd(18)} encode ${times(encodeNs, base.encodeNs)}  decode ${times(decodeNs, base.decodeNs)}  ${bytes} bytes`,
      );
    }
  }
}

main();
