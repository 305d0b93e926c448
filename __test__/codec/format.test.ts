import test from "ava";

import { registerReference, registerSerializer } from "../../src/codec/index.ts";
import { decodeCopy, encoded } from "./round-trip.ts";

class Pair {
  a = 1;
}
class Wrapped {}
class Handle {}
registerSerializer(Pair, { name: "P" });
registerSerializer(Wrapped, { name: "W", encode: () => 2, decode: () => new Wrapped() });
registerReference(Handle);

const withoutStack = (error: Error): Error => Object.defineProperty(error, "stack", { value: undefined });
const shared = {};
const buffer = new Uint8Array([7, 8]).buffer;

/** What docs/design/codec.md says, byte for byte: a change here is a change of the protocol. */
const FORMAT: readonly (readonly [name: string, value: unknown, hex: string])[] = [
  ["the smallest integer without a tag", 0, "00"],
  ["the largest integer without a tag", 127, "7f"],
  ["8 bits", -128, "b480"],
  ["16 bits", 128, "b58000"],
  ["32 bits", -32_769, "b6ff7fffff"],
  ["a double", 0.5, "b7000000000000e03f"],
  ["minus zero", -0, "b70000000000000080"],
  ["null", null, "b0"],
  ["undefined", undefined, "b1"],
  ["false", false, "b2"],
  ["true", true, "b3"],
  ["a bigint of 64 bits", -2n, "b8feffffffffffffff"],
  ["a large bigint", -(2n ** 64n), "b913010000000000000000"],
  ["a short string", "aÿ", "8261ff"],
  ["a long string of ASCII", "a".repeat(32), `ba20${"61".repeat(32)}`],
  ["a string in UTF-8", "Ā", "bb02c480"],
  ["a string that has no UTF-8", "\ud800", "bc0200d8"],
  ["a short array", [1, [2]], "a201a102"],
  ["a long array", Array(16).fill(1), `bd10${"01".repeat(16)}`],
  ["an array with an empty slot", Object.assign([], { 1: 5 }), "be02010105"],
  ["an array with a name", Object.assign([5], { n: 6 }), "be01020005816e06"],
  ["an object", { a: 1 }, "c201816101"],
  ["an object without prototype", Object.assign(Object.create(null), { a: 1 }), "c301816101"],
  ["a back reference", [shared, shared], "a2c200c401"],
  ["a Map", new Map([[1, 2]]), "c5010102"],
  ["a Set", new Set([1]), "c60101"],
  ["a Date", new Date(0.5 * 2), "c7000000000000f03f"],
  ["a RegExp", /a/g, "c881618167"],
  ["a box", Object(true), "c9b3"],
  ["a URL", new URL("a:b"), "ca83613a62"],
  ["a URLSearchParams", new URLSearchParams("a=b"), "cb83613d62"],
  ["a Uint8Array", new Uint8Array([1, 2]), "d0020102"],
  ["a Buffer", Buffer.from([1]), "d10d0101"],
  ["a Uint16Array, aligned to 8", new Uint16Array([1]), "d1040200000000000100"],
  ["views on one buffer", [new DataView(buffer, 1), buffer], "a2d30c0101d4020708c402"],
  ["an ArrayBuffer", new ArrayBuffer(1), "d40100"],
  ["an error", withoutStack(new TypeError("m", { cause: 1 })), "d80501816d0100"],
  ["an error of an unknown class", withoutStack(new (class E extends Error {})("m")), "d80004816d814500"],
  ["an error with a field", Object.assign(withoutStack(new Error("m")), { c: 3 }), "d80000816d01816303"],
  [
    "a cause that is a field",
    Object.assign(withoutStack(new Error("m")), { cause: 3 }),
    "d80000816d0185636175736503",
  ],
  ["an instance", new Pair(), "d9815001816101"],
  ["a converted instance", new Wrapped(), "da815702"],
  ["a reference", [new Handle(), new Handle()], "a2db00db01"],
];

for (const [name, value, hex] of FORMAT) {
  test(`${name} is ${hex}`, (t) => {
    t.is(Buffer.from(encoded(value)).toString("hex"), hex);
    if (!hex.includes("db")) t.notThrows(() => decodeCopy(Buffer.from(hex, "hex")));
  });
}

test("keys that were seen before make a shape: keys once, then values alone", (t) => {
  const [first, second, third] = [0, 1, 2].map((i) => ({ fmt: i, flag: true }));
  encoded([first, first, second]);
  const words = ["02", "03666d74", "04666c6167", "0000"];
  t.is(Buffer.from(encoded([second, third])).toString("hex"), `a2c003${words.join("")}01b3c10002b3`);
});

test("large bytes stand behind, at the next multiple of 64", (t) => {
  const payload = Buffer.from(encoded([new Uint8Array(4_096).fill(1), 5]));
  t.is(payload.subarray(0, 64).toString("hex"), `a2d20080200100000005${"00".repeat(54)}`);
  t.is(payload.length, 64 + 4_096);
  const whole = Buffer.from(encoded(new Uint8Array(4_096).fill(2).buffer));
  t.is(whole.subarray(0, 64).toString("hex"), `d5802001000000${"00".repeat(57)}`);
});
