import test from "ava";

import { roundTrip } from "./round-trip.ts";
import { difference } from "./same-graph.ts";

test("shared references stay shared, over more objects than are searched one by one", (t) => {
  const shared = { shared: true };
  const value = [shared, ...Array.from({ length: 100 }, (_, i) => ({ i, shared })), shared];
  t.is(difference(roundTrip(value), value), undefined);
});

test("equal values that are not shared stay apart", (t) => {
  const [first, second] = roundTrip([{ a: 1 }, { a: 1 }]);
  t.not(first, second);
});

for (const [name, make] of Object.entries<() => unknown>({
  "an object": () => {
    const value: Record<string, unknown> = { a: 1 };
    value.self = value;
    return value;
  },
  "an object without prototype": () => {
    const value = Object.create(null) as Record<string, unknown>;
    value.self = value;
    return value;
  },
  "an array": () => {
    const value: unknown[] = [1];
    value.push(value, [value]);
    return value;
  },
  "a sparse array": () => {
    const value: unknown[] = [];
    value[5] = value;
    return value;
  },
  "a Map, as key and value": () => {
    const value = new Map<unknown, unknown>();
    value.set(value, [value]).set("self", value);
    return value;
  },
  "a Set": () => {
    const value = new Set<unknown>();
    value.add(value).add([value]);
    return value;
  },
  "an error, by cause, field and errors": () => {
    const value: AggregateError & { self?: unknown } = new AggregateError([], "all");
    value.self = value;
    value.errors.push(value, new Error("inner", { cause: value }));
    return value;
  },
})) {
  test(`a cycle through ${name} is kept`, (t) => {
    t.is(difference(roundTrip(make()), make()), undefined);
  });
}

test("leaves are shared too: dates, expressions, boxes, views, buffers, URLs", (t) => {
  const leaves = [new Date(1), /x/g, Object("s"), new Uint8Array(3), new ArrayBuffer(2), new URL("a:b")];
  const value = [leaves, leaves.map((leaf) => ({ leaf }))];
  t.is(difference(roundTrip(value), value), undefined);
});

test("views that lie in one buffer still do, whatever comes first", (t) => {
  const buffer = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer;
  const views = [new Uint16Array(buffer, 2, 2), new DataView(buffer, 1), new Uint8Array(buffer)];
  for (const value of [views, [buffer, ...views], [...views, buffer], { a: views[0], b: { c: views[1] } }]) {
    const arrived = roundTrip(value);
    t.is(difference(arrived, value), undefined);
  }
  const [words, view] = roundTrip(views) as [Uint16Array, DataView];
  t.is(words.buffer, view.buffer);
  words[0] = 0xffff;
  t.is(view.getUint8(1), 0xff);
});

test("several shared buffers, small and large, beside views that are alone", (t) => {
  const large = new Float64Array(1_000).fill(0.5);
  const value = {
    alone: new Uint8Array([9]),
    small: [new Uint8Array([1, 2, 3]).subarray(1)],
    large: [large, new Uint8Array(large.buffer, 8, 16), large.subarray(10, 20)],
    after: new Float32Array([2.5]),
  };
  const arrived = roundTrip(value);
  t.is(difference(arrived, value), undefined);
  t.is(arrived.large[0]!.buffer, arrived.large[1]!.buffer);
  t.is(arrived.large[0]!.buffer, arrived.large[2]!.buffer);
});

test("a view that is alone travels without the rest of its buffer", (t) => {
  const arrived = roundTrip({ part: new Uint8Array(new ArrayBuffer(1_000_000), 500, 10) });
  t.true(arrived.part.buffer.byteLength < 1_000);
});
