import { sessions } from "../helpers/session.ts";

import test from "ava";
import {
  SerializationError,
  ValueTooLargeError,
  channel,
  init,
  move,
  type ActorHandle,
  type Receiver,
} from "klaw-runtime";

import { Counters, type Counter } from "../actors-under-test/counter.ts";
import { Mirrors, type Mirror } from "../actors-under-test/mirror.ts";
import { RandomValues } from "../codec/random.ts";
import { difference } from "../codec/same-graph.ts";

const MIB = 2 ** 20;

let mirror: ActorHandle<Mirror>;

test.before(async () => {
  await init({ numCpus: 8 });
  mirror = await Mirrors.create();
});
test.after.always(async (t) => {
  await (await init()).shutdown();
  t.deepEqual(sessions(), [], "nothing is left");
});

const shared = { n: 1 };
const cyclic: { self?: unknown } = {};
cyclic.self = cyclic;

const VALUES: readonly unknown[] = [
  undefined,
  null,
  -0,
  Number.NaN,
  2n ** 200n,
  "日本語 🙂 \ud800",
  Object.assign([undefined], { 2: 1 }),
  { a: undefined, b: { c: [] } },
  Object.assign(Object.create(null) as object, { x: 1 }),
  [shared, shared],
  cyclic,
  new Date(0),
  /x+/giu,
  new Map<unknown, unknown>([
    [1, new Set([2])],
    ["k", new Map()],
  ]),
  new Float64Array([0.5, -0]),
  new DataView(new ArrayBuffer(3)),
  Buffer.from("bytes"),
  new URL("https://example.org/a?b#c"),
  new RangeError("an error is a value too", { cause: "reason" }),
  Object(1n),
];

test("every value that travels arrives as an argument, and comes back as a result", async (t) => {
  for (const value of VALUES) t.is(difference(await mirror.same(value), value), undefined);
  const all = await Promise.all(VALUES.map((value) => mirror.same(value)));
  t.is(difference(all, [...VALUES]), undefined, "all at once");
});

test("any value", async (t) => {
  const values = new RandomValues(7);
  for (let n = 0; n < 300; n++) {
    const value = values.value();
    // What is registered here is not there: those have tests of their own.
    const back = await mirror.same(value).catch((error: Error) => error);
    if (back instanceof SerializationError) continue;
    t.is(difference(back, value), undefined, `value ${n}`);
  }
});

test("arguments are as they were when the call was made", async (t) => {
  const list = [1];
  const call = mirror.same(list);
  list.push(2);
  t.deepEqual(await call, [1]);
  t.deepEqual(list, [1, 2]);
});

test("any number of arguments; what is left out has its default", async (t) => {
  t.is(await mirror.count(), 0);
  t.is(await mirror.count(undefined, undefined), 2);
  t.is(await mirror.count(...Array(10_000).keys()), 10_000);
  const counter = await Counters.create();
  t.is(await counter.inc(undefined), 1);
});

test("channel ends are shared with whom they are given to", async (t) => {
  const [tx, rx] = channel<number>();
  await mirror.send(move(tx), 3);
  t.deepEqual(await rx.recvMany(10), [0, 1, 2]);
  t.deepEqual(await rx.recvMany(1), [], "it was moved there, and closed");

  const [numbers, there] = channel<number>();
  const sum = mirror.sum(move(there));
  await numbers.sendMany([1, 2, 3]);
  numbers.close();
  t.is(await sum, 6);
});

test("channel ends come as results, alone and in others", async (t) => {
  const [tx, rx] = await mirror.channel();
  await tx.send(1);
  t.is(await rx.recv(), 1);
  const [mine, there] = channel<number>();
  const back = (await mirror.same(there)) as typeof there;
  there.close();
  await mine.send(2);
  t.is(await back.recv(), 2);
  await mirror.keep({ deep: [mine] });
  mine.close();
  const { deep } = (await mirror.kept()) as { deep: (typeof mine)[] };
  await deep[0]!.send(3);
  t.is(await back.recv(), 3, "also after a stay in the actor's state");
});

test("a channel end that an actor keeps keeps the channel open", async (t) => {
  const keeper = await Mirrors.create();
  const [tx, rx] = channel<number>();
  await keeper.keep(tx);
  tx.close();
  const waits = rx.recv();
  await ((await keeper.kept()) as typeof tx).send(1);
  t.is(await waits, 1);
  await keeper.keep(undefined);
});

test("handles travel over channels", async (t) => {
  const [tx, rx] = channel<ActorHandle<Counter>>();
  const counter = await Counters.create();
  await mirror.forward(tx, counter);
  t.is(await (await rx.recv()).inc(), 1);
  const [nested, nestedRx] = channel<{ reply: Receiver<ActorHandle<Counter>> }>();
  await nested.send({ reply: rx });
  await tx.send(counter);
  t.is(await (await (await nestedRx.recv()).reply.recv()).inc(), 2);
});

const CANT: readonly [args: unknown[], path: string][] = [
  [[() => 1], "args[0]"],
  [[1, { x: () => 1 }], "args[1].x"],
  [[{ items: [0, { cb: () => 1 }] }], "args[0].items[1].cb"],
  [[Symbol("s")], "args[0]"],
  [[Promise.resolve(1)], "args[0]"],
  [[new WeakMap()], "args[0]"],
  [[new (class Own {})()], "args[0]"],
];

test("an argument that can't travel is refused at once, by its path", async (t) => {
  for (const [args, path] of CANT) {
    const error = await t.throwsAsync(mirror.count(...args), { instanceOf: SerializationError });
    t.is(error.path, path);
    t.true(error.message.includes(path));
    t.throws(() => Mirrors.remote(...(args as [unknown])), { instanceOf: SerializationError });
  }
  t.is(await mirror.count(1), 1, "nothing was submitted");
});

test("a reference inside of an argument is refused, with what to do instead", async (t) => {
  const ref = mirror.count.remote(1);
  const error = await t.throwsAsync(mirror.count({ ref }), { instanceOf: SerializationError });
  t.regex(error.message, /ObjectRef.*argument of its own/);
});

test("a getter of an argument may throw, and may call", async (t) => {
  const error = new Error("from a getter");
  const value = {
    get x(): never {
      throw error;
    },
  };
  const refused = await t.throwsAsync(mirror.same(value), { instanceOf: SerializationError });
  t.deepEqual([refused.path, refused.cause], ["args[0].x", error]);
  let inner: Promise<unknown> | undefined;
  const calls = {
    get x(): number {
      inner = mirror.same("inner");
      return 1;
    },
  };
  t.deepEqual(await mirror.same({ before: 1, calls }), { before: 1, calls: { x: 1 } });
  t.is(await inner, "inner");
});

test("a result that can't travel rejects, by its path", async (t) => {
  const paths = {
    function: "result",
    deep: "result.items[2].call",
    "promise in a list": "result[0]",
  } as const;
  for (const [what, path] of Object.entries(paths)) {
    const error = await t.throwsAsync(mirror.strange(what as keyof typeof paths), {
      instanceOf: SerializationError,
    });
    t.is(error.path, path);
  }
});

test("large values pass, up to 16 MiB; what is larger is refused", async (t) => {
  t.is(await mirror.size(new Uint8Array(15 * MIB)), 15 * MIB);
  const bytes = await mirror.bytes(15 * MIB);
  t.is(bytes.byteLength, 15 * MIB);
  t.true(bytes.every((byte) => byte === 7));
  const tooLarge = { instanceOf: ValueTooLargeError };
  await t.throwsAsync(mirror.size(new Uint8Array(17 * MIB)), tooLarge);
  await t.throwsAsync(mirror.size(new Uint8Array(16 * MIB)), tooLarge, "with its frame it has no room");
  await t.throwsAsync(mirror.bytes(17 * MIB), tooLarge);
  await t.throwsAsync(mirror.same("x".repeat(20 * MIB)), tooLarge);
  t.throws(() => Mirrors.remote(new Uint8Array(17 * MIB)), tooLarge);
  t.is(await mirror.same("small"), "small");
});

test("many large values at once", async (t) => {
  const sizes = Array.from({ length: 24 }, (_, n) => (n % 5) * MIB + n);
  const all = await Promise.all(sizes.map((size) => mirror.bytes(size)));
  t.deepEqual(
    all.map(({ byteLength }) => byteLength),
    sizes,
  );
});
