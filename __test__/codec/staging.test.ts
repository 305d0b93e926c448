import test from "ava";

import { SerializationError, ValueTooLargeError } from "../../src/errors/index.ts";
import { Staging, decode, encode, registerSerializer } from "../../src/codec/index.ts";
import { difference } from "./same-graph.ts";

test("messages stand one behind the other, and a failed one leaves no gap", (t) => {
  const staging = new Staging(new Uint8Array(256));
  const first = encode({ a: 1 }, staging);
  t.throws(() => encode({ a: () => 1 }, staging));
  t.is(staging.position, first);
  const second = encode(["b"], staging);
  t.deepEqual(decode(staging.bytes, 0, first), { a: 1 });
  t.deepEqual(decode(staging.bytes, first, second), ["b"]);
});

test("a staging that is too small grows, once for each kind of write", (t) => {
  const values = [
    1.5,
    300,
    70_000,
    2n ** 70n,
    "x".repeat(200),
    "日".repeat(60),
    "é".repeat(20),
    [1],
    { a: 1 },
  ]
    .concat([
      new Map([[1, 2]]),
      new Set([1]),
      new Date(),
      /x/,
      Object(1),
      new URL("a:b"),
      new Error("e"),
    ] as never)
    .concat([new Uint8Array(99), new Float64Array(9), new ArrayBuffer(9), Buffer.alloc(9_000)] as never);
  for (const value of [
    ...values,
    values,
    Array.from({ length: 3 }, () => ({ grown: 1, ["k".repeat(99)]: 2 })),
  ]) {
    for (let size = 0; size < 40; size++) {
      const staging = new Staging(new Uint8Array(size), {
        grow: (neededBytes) => new Uint8Array(neededBytes),
      });
      const end = encode(value, staging);
      t.is(difference(decode(staging.bytes, 0, end), value), undefined);
    }
  }
});

test("a staging that grows keeps what was written before", (t) => {
  const asked: number[] = [];
  const staging = new Staging(new Uint8Array(16), {
    grow: (neededBytes) => {
      asked.push(neededBytes);
      return new Uint8Array(neededBytes + 100);
    },
  });
  const first = encode("0123456789", staging);
  const second = encode("x".repeat(50), staging);
  t.is(decode(staging.bytes, 0, first), "0123456789");
  t.is(decode(staging.bytes, first, second), "x".repeat(50));
  t.is(asked.length, 1);
});

test("what grow throws, or too small an array, is told as it is, and nothing is written", (t) => {
  const thrown = new Error("no memory");
  const staging = new Staging(new Uint8Array(8), { grow: () => { throw thrown } }); // prettier-ignore
  t.is(
    t.throws(() => encode([["x".repeat(20)]], staging)),
    thrown,
  );
  t.is(staging.position, 0);
  const stingy = new Staging(new Uint8Array(8), { grow: () => new Uint8Array(9) });
  t.throws(() => encode(["x".repeat(20)], stingy), { message: /grow gave 9 bytes/ });
});

test("a payload over the limit is an error, whether there is room or not", (t) => {
  for (const size of [16, 100_000]) {
    const staging = new Staging(new Uint8Array(size), { limitBytes: 5_000 });
    for (const value of ["x".repeat(5_000), [new Uint8Array(4_999)], [new Uint8Array(10_000)]]) {
      const error = t.throws(() => encode(value, staging), { instanceOf: ValueTooLargeError })!;
      t.true(error.bytes > 5_000);
      t.is(error.limitBytes, 5_000);
      t.is(staging.position, 0);
    }
    t.notThrows(() => encode("x".repeat(4_900), staging));
  }
});

class Sending {
  to: Staging;
  constructor(to: Staging) {
    this.to = to;
  }
}
registerSerializer(Sending, {
  encode: ({ to }) => {
    const shape = { nested: [1, { shaped: true }], again: { shaped: false } };
    const start = to.position;
    const end = encode(shape, to);
    return decode(to.bytes, start, end);
  },
  decode: (shape) => shape as Sending,
});

test("an encode function may send over another staging", (t) => {
  const [outer, inner] = [new Staging(new Uint8Array(512)), new Staging(new Uint8Array(8))];
  const value = [
    { shaped: 1 },
    { shaped: 2 },
    { shaped: 3 },
    new Sending(inner),
    { shaped: 4 },
    { nested: 1, again: 2 },
  ];
  const end = encode(value, outer);
  t.deepEqual(decode(outer.bytes, 0, end), [
    { shaped: 1 },
    { shaped: 2 },
    { shaped: 3 },
    { nested: [1, { shaped: true }], again: { shaped: false } },
    { shaped: 4 },
    { nested: 1, again: 2 },
  ] as unknown);
});

test("an encode function that sends over the same staging is refused, and the staging is whole again", (t) => {
  const staging = new Staging(new Uint8Array(512));
  const error = t.throws(() => encode([new Sending(staging)], staging), { instanceOf: SerializationError })!;
  t.is(error.path, "value[0]");
  t.is((error.cause as SerializationError).code, "ERR_KLAW_REENTRANT_ENCODE");
  t.false(staging.busy);
  t.is(decode(staging.bytes, 0, encode("fine", staging)), "fine");
});

class Reading {
  payload: Uint8Array;
  constructor(payload: Uint8Array) {
    this.payload = payload;
  }
}
registerSerializer(Reading, {
  encode: ({ payload }) => payload,
  decode: (payload) => decode(payload, 0, payload.length) as Reading,
});

test("a decode function may read messages", (t) => {
  const staging = new Staging(new Uint8Array(512));
  const inner = staging.bytes.slice(0, encode({ inner: [1, 2] }, staging));
  const shared = { shared: true };
  staging.position = 0;
  const end = encode([shared, new Reading(inner), shared, new Reading(inner)], staging);
  const arrived = decode(staging.bytes, 0, end) as unknown[];
  t.deepEqual(arrived, [shared, { inner: [1, 2] }, shared, { inner: [1, 2] }]);
  t.is(arrived[0], arrived[2]);
});
