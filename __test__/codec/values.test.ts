import { createContext, runInContext } from "node:vm";

import test from "ava";

import { roundTrip } from "./round-trip.ts";
import { difference } from "./same-graph.ts";

const NUMBERS = [
  0,
  1,
  127,
  128,
  255,
  256,
  32_767,
  32_768,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 53,
  -1,
  -128,
  -129,
  -32_768,
  -32_769,
  -(2 ** 31),
  -(2 ** 31) - 1,
  -0,
  0.1,
  Number.MIN_VALUE,
  Number.MAX_VALUE,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];

const BIGINTS = [
  0n,
  1n,
  -1n,
  2n ** 63n - 1n,
  2n ** 63n,
  -(2n ** 63n),
  -(2n ** 63n) - 1n,
  2n ** 64n,
  -(3n ** 5_000n),
];

const STRINGS = [
  "",
  "a",
  "x".repeat(24),
  "x".repeat(25),
  "x".repeat(31),
  "x".repeat(32),
  "x".repeat(100_000),
].concat(
  [
    "\u0000",
    "\u007f",
    "\u0080",
    "ÿ",
    "Ā",
    "日本語",
    "🙂",
    "é".repeat(24),
    "é".repeat(25),
    "日".repeat(30_000),
  ],
  [
    "\ud800",
    "\udc00 alone",
    `${"x".repeat(50)}\ud800`,
    "\ud83d\ude42\ud83d",
    "\ufeffwith a mark",
    "a".repeat(24) + "Ā",
  ],
);

const TYPED_ARRAYS = [
  new Int8Array([-128, 127]),
  new Uint8Array([0, 255]),
  new Uint8ClampedArray([0, 255]),
  new Int16Array([-32_768]),
  new Uint16Array([65_535]),
  new Int32Array([-(2 ** 31)]),
  new Uint32Array([2 ** 32 - 1]),
  new Float32Array([1.5, Number.NaN]),
  new Float64Array([Math.PI, -0]),
  new BigInt64Array([-(2n ** 63n)]),
  new BigUint64Array([2n ** 64n - 1n]),
];

const EMPTY_SLOTS: unknown[] = [];
EMPTY_SLOTS.length = 5;
EMPTY_SLOTS[2] = undefined;

const CASES: Record<string, unknown> = {
  "null and undefined": [null, undefined, { a: undefined, b: null }],
  booleans: [true, false],
  "boxed primitives": [Object(true), Object(1.5), Object("text"), Object(5n), Object(-0)],
  "an empty array": [],
  "arrays of all lengths of length": [
    Array.from({ length: 15 }, (_, i) => i),
    Array.from({ length: 16 }, String),
  ],
  "an array with empty slots": EMPTY_SLOTS,
  "an array of empty slots only": Array(3),
  "an array with named properties": Object.assign([1, 2], { index: 7, "a b": null }),
  "an array whose holes and names cancel out": Object.assign([], { 0: 1, 2: 3, extra: true }),
  "a match": /(?<first>a)(b)?/.exec("xab"),
  "a huge empty array": Object.assign([], { length: 2 ** 32 - 1 }),
  "a sparse array with its last element": Object.assign([], { [2 ** 32 - 2]: "last" }),
  "an empty object": {},
  "keys of all kinds": {
    "": 1,
    a: 2,
    "with space": 3,
    日本: 4,
    "\ud800": 5,
    7: 6,
    "-1": 7,
    ["x".repeat(300)]: 8,
  },
  "a key __proto__": JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1, "toString": 2}'),
  "more keys than a shape has": Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`key${i}`, i])),
  "keys longer than a shape": Object.fromEntries(
    Array.from({ length: 20 }, (_, i) => [`${i}${"k".repeat(90)}`, i]),
  ),
  "an object without prototype": Object.assign(Object.create(null), { a: 1, ["__proto__"]: 2 }),
  "a Map": new Map<unknown, unknown>([
    ["a", 1],
    [{ key: true }, new Map()],
    [Number.NaN, undefined],
  ]),
  "a Set": new Set<unknown>([1, "1", null, [1], new Set()]),
  Dates: [new Date(0), new Date(-1), new Date(8.64e15), new Date(Number.NaN)],
  RegExps: [/a/, /[/\]]+/dgimsuy, new RegExp(""), /\u{1F642}/u],
  URLs: [new URL("https://user@example.org:8080/a?b=c#d"), new URLSearchParams("a=1&a=2&b=%20")],
  ArrayBuffers: [new ArrayBuffer(0), new Uint8Array([1, 2, 3]).buffer],
  "a DataView": new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2),
  "a Buffer": Buffer.from("bytes"),
  "empty views": [new Uint8Array(0), new Float64Array(0), Buffer.alloc(0), new DataView(new ArrayBuffer(0))],
};

for (const [name, value] of Object.entries(CASES)) {
  test(`${name}: arrives as it was`, (t) => {
    t.is(difference(roundTrip(value), value), undefined);
  });
}

for (const [name, values] of Object.entries({
  numbers: NUMBERS,
  bigints: BIGINTS,
  strings: STRINGS,
  "typed arrays": TYPED_ARRAYS,
})) {
  test(`${name}: arrive as they were, alone and inside`, (t) => {
    for (const value of values)
      t.is(difference(roundTrip(value), value), undefined, String(value).slice(0, 40));
    t.is(difference(roundTrip(values), values), undefined);
  });
}

test("shapes: objects with the same keys arrive alike from the first to the third on", (t) => {
  const value = Array.from({ length: 4 }, (_, i) => ({ shapeTest: i, ["__proto__"]: { i }, 日本: [i] }));
  t.is(difference(roundTrip(value), value), undefined);
  t.is(difference(roundTrip(value), value), undefined);
});

test("Float16Array: arrives where it exists", (t) => {
  const Float16Array = (globalThis as unknown as Record<string, Float32ArrayConstructor | undefined>)
    .Float16Array;
  if (Float16Array === undefined) {
    t.log(`Node.js ${process.version} has no Float16Array`);
    t.pass();
    return;
  }
  const value = [new Float16Array([1.5, -2]), 1];
  t.is(difference(roundTrip(value), value), undefined);
});

test("a resizable ArrayBuffer: arrives with the length that it had", (t) => {
  const Resizable = ArrayBuffer as unknown as new (length: number, options: object) => ArrayBuffer;
  const sent = new Resizable(3, { maxByteLength: 9 });
  t.is(roundTrip(sent).byteLength, 3);
});

test("views on shared memory: their bytes are copied", (t) => {
  const shared = new Uint8Array(new SharedArrayBuffer(4)).fill(7);
  const [first, second] = roundTrip([shared, shared.subarray(1)]) as Uint8Array[];
  t.deepEqual([...first!], [7, 7, 7, 7]);
  t.deepEqual([...second!], [7, 7, 7]);
  t.true(first!.buffer instanceof ArrayBuffer);
});

test("as structured clone: getters are read, symbol keys and non-enumerable properties stay, toJSON is no method", (t) => {
  const value = Object.defineProperty(
    { get computed() { return 3 }, [Symbol("s")]: 1, toJSON: "a value" }, // prettier-ignore
    "hidden",
    { value: 1 },
  );
  const arrived = roundTrip(value);
  t.deepEqual(Reflect.ownKeys(arrived), ["computed", "toJSON"]);
  t.deepEqual(arrived, structuredClone(value));
});

test("objects of another realm: arrive as those of this one", (t) => {
  const foreign = runInContext(
    "({ list: [1], map: new Map([[1, 2]]), at: new Date(5), re: /x/, bytes: new Uint8Array(2) })",
    createContext(),
  );
  const arrived = roundTrip(foreign) as Record<string, unknown>;
  t.deepEqual(arrived, {
    list: [1],
    map: new Map([[1, 2]]),
    at: new Date(5),
    re: /x/,
    bytes: new Uint8Array(2),
  });
});

test("errors of another realm: arrive in this one's class of that name", (t) => {
  const arrived = roundTrip(runInContext("new RangeError('far')", createContext()) as RangeError);
  t.is(Object.getPrototypeOf(arrived), RangeError.prototype);
  t.is(arrived.message, "far");
});

test("Proxies of plain objects and arrays: arrive as what they show", (t) => {
  const value = new Proxy({ list: new Proxy([1, 2], {}), name: "n" }, {});
  t.deepEqual(roundTrip(value), { list: [1, 2], name: "n" });
});
