import test from "ava";

import { SerializationError } from "../../src/errors/index.ts";
import { Staging, encode } from "../../src/codec/index.ts";
import { encoded } from "./round-trip.ts";

function refusal(value: unknown, rootName?: string): SerializationError {
  const staging = new Staging(new Uint8Array(1_000));
  staging.position = 8;
  try {
    encode(value, staging, rootName);
  } catch (error) {
    if (!(error instanceof SerializationError)) throw error;
    if (staging.position !== 8 || staging.busy)
      throw new Error("the staging was not restored", { cause: error });
    return error;
  }
  throw new Error("it was not refused");
}

class Point {
  x = 1;
}
class OwnMap extends Map {}

function* generate(): Generator {
  yield 1;
}

for (const [name, value, reason] of [
  ["a function", () => 1, /a function cannot travel; call it here/],
  ["a named function", Math.max, /the function max cannot travel/],
  ["a class", Point, /the class Point cannot travel/],
  ["a symbol", Symbol("s"), /symbols cannot travel/],
  ["a promise", Promise.resolve(1), /await it first/],
  ["a WeakMap", new WeakMap(), /WeakMap/],
  ["a WeakSet", new WeakSet(), /WeakSet/],
  ["a WeakRef", new WeakRef({}), /WeakRef/],
  ["a generator", generate(), /generators cannot travel/],
  ["a SharedArrayBuffer", new SharedArrayBuffer(8), /new Uint8Array\(shared\).slice\(\)/],
  ["an AbortSignal", new AbortController().signal, /AbortSignal/],
  ["a stream", new ReadableStream(), /channel/],
  ["an instance", new Point(), /registerSerializer\(Point\)/],
  ["an instance of a subclass of a built-in class", new OwnMap(), /registerSerializer\(OwnMap\)/],
  ["an instance of a nameless class", new (class {})(), /prototype of its own/],
  ["an object with an object for prototype", Object.create({ inherited: 1 }), /prototype of its own/],
  ["a boxed symbol", Object(Symbol("s")), /Symbol/],
  ["a Proxy of a Map", new Proxy(new Map(), {}), /Proxy/],
  ["a Proxy of a typed array", new Proxy(new Uint8Array(1), {}), /Proxy/],
  ["a Proxy of an instance", new Proxy(new Point(), {}), /Proxy/],
  ["a revoked Proxy", revoked(), /looking at the value threw/],
  ["an object that only has the prototype of Date", Object.create(Date.prototype), /Date/],
  ["an object that only has the prototype of Array", Object.create(Array.prototype), /Array/],
  ["an object that only has the prototype of URL", Object.create(URL.prototype), /URL/],
  ["an object that only has the prototype of Error", Object.create(Error.prototype), /Error/],
] as const) {
  test(`${name} is refused`, (t) => {
    const error = refusal(value, "message");
    t.is(error.code, "ERR_KLAW_SERIALIZATION");
    t.is(error.path, "message");
    t.regex(error.message, reason);
    t.regex(error.message, /^cannot send message: /);
  });
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

test("a module namespace is refused", async (t) => {
  t.regex(refusal(await import("./same-graph.ts")).message, /modules cannot travel/);
});

const cb = (): void => {};
const aggregate = new AggregateError([1, cb], "all");

for (const [path, value] of [
  ["args[0].items[3].cb", [{ items: [0, 1, 2, { cb }] }]],
  ['args["with space"]["0x"].ünïcode', { "with space": { "0x": { ünïcode: cb } } }],
  ['args["5"]', { 5: cb }],
  ["args.a.__proto__", { a: JSON.parse('{"__proto__": 1}') }],
  ['args.get("key")[0]', new Map([["key", [cb]]])],
  ["args.get(7)", new Map([[7, cb]])],
  ["args.get(7n)", new Map([[7n, cb]])],
  ["args.values()[1]", new Map<object, unknown>([[{}, 1], [{}, cb]])], // prettier-ignore
  ["args.keys()[1].inner", new Map<object, unknown>([[{}, 1], [{ inner: cb }, 1]])], // prettier-ignore
  ["args.values()[2][0]", new Set([1, 2, [cb]])],
  ["args[2]", Object.assign([], { 2: cb })],
  ["args.named", Object.assign([1], { named: cb })],
  ["args.cause.detail", new Error("e", { cause: { detail: cb } })],
  ["args.errors[1]", aggregate],
  ["args.field", Object.assign(new TypeError("t"), { field: cb })],
  [`args${"[0]".repeat(500)}`, Array.from({ length: 500 }).reduce((inner: unknown) => [inner], cb)],
] as const) {
  test(`the path is ${path.slice(0, 60)}`, (t) => {
    if (path === "args.a.__proto__")
      Object.defineProperty((value as { a: object }).a, "__proto__", { value: cb, enumerable: true });
    t.is(refusal(value, "args").path, path);
  });
}

test("a path is right in objects whose shape is known", (t) => {
  for (let i = 0; i < 4; i++) t.is(refusal([{ refusedShape: 1, cb: [cb] }]).path, "value[0].cb[0]");
});

test("what a getter throws is the cause, with its path", (t) => {
  const thrown = new TypeError("not now");
  const throwing = {
    get late(): unknown {
      throw thrown;
    },
  };
  const error = refusal({ list: [throwing] });
  t.is(error.path, "value.list[0].late");
  t.is(error.cause, thrown);
  t.regex(error.message, /TypeError: not now/);
  t.is(refusal([Object.defineProperty([1], "0", { get: () => { throw thrown }, enumerable: true })]).path, "value[0]"); // prettier-ignore
});

test("anything may be thrown by a getter", (t) => {
  const monster = Object.create(null) as object;
  const error = refusal({ get x() { throw monster } }); // prettier-ignore
  t.is(error.cause, monster);
  t.is(error.path, "value.x");
});

test("a trap of a Proxy that throws is told so", (t) => {
  const trap = new Proxy({}, { ownKeys: () => { throw new Error("trapped") } }); // prettier-ignore
  t.regex(refusal({ trap }).message, /trapped/);
});

test("an array that shrinks and a Map that grows while they are written are refused", (t) => {
  const shrinking: unknown[] = [{ get x() { shrinking.length = 1; return 1 } }, 2]; // prettier-ignore
  t.regex(refusal(shrinking).message, /became shorter/);
  const growing = new Map<unknown, unknown>([["a", { get x() { growing.set("b", 1); return 1 } }]]); // prettier-ignore
  t.regex(refusal(growing).message, /Map changed/);
  const set = new Set<unknown>([{ get x() { set.clear(); return 1 } }, 2]); // prettier-ignore
  t.regex(refusal(set).message, /Set changed/);
});

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = [value];
  return value;
}

test("values nested too deeply are refused, and the deepest that is allowed arrives", (t) => {
  t.notThrows(() => encoded(nested(1_000)));
  t.regex(refusal(nested(1_001)).message, /nested more than 1000 levels/);
  t.regex(refusal(nested(100_000)).message, /nested more than 1000 levels/);
});

test("a stack that is nearly full is an error, not a crash", (t) => {
  const value = nested(900);
  const deep = (): Error => {
    try {
      return deep();
    } catch {
      return refusal(value);
    }
  };
  // Frames of encode are larger than those of `deep`: the innermost calls have no room for it.
  t.true(deep() instanceof Error);
});

test("nothing is refused that is not in the value: symbol keys, non-enumerable properties", (t) => {
  const value = Object.defineProperty({ [Symbol("s")]: cb }, "hidden", { value: cb });
  t.notThrows(() => encoded(value));
});
