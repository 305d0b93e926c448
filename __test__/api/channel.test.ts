import { sessions } from "../helpers/session.ts";

import { setImmediate, setTimeout as delay } from "node:timers/promises";

import { inspect } from "node:util";

import test from "ava";
import {
  ChannelClosedError,
  ChannelFullError,
  ChannelTimeoutError,
  InvalidArgumentError,
  SerializationError,
  ValueTooLargeError,
  channel,
  init,
  move,
  type Receiver,
  type Sender,
} from "klaw-runtime";

import { until } from "../helpers/until.ts";

test.before(() => init());
test.after.always(async (t) => {
  await (await init()).shutdown();
  t.deepEqual(sessions(), [], "nothing is left");
});

test("messages arrive in their order, as they were when they were sent", async (t) => {
  const [tx, rx] = channel<{ n: number; tags: string[] }>();
  const value = { n: 1, tags: ["a"] };
  await tx.send(value);
  value.n = 2;
  value.tags.push("b");
  await tx.send(value);
  t.deepEqual(await rx.recv(), { n: 1, tags: ["a"] });
  t.deepEqual(await rx.recv(), { n: 2, tags: ["a", "b"] });
  t.is(rx.tryRecv(), undefined);
});

test("undefined is a message like any other", async (t) => {
  const [tx, rx] = channel<undefined>();
  await tx.send(undefined);
  t.deepEqual(rx.tryRecv(), { value: undefined });
});

test("who waits first is served first, also by recvMany", async (t) => {
  const [tx, rx] = channel<number>();
  const waits = [rx.recv(), rx.recvMany(10), rx.recv()];
  await tx.sendMany([1, 2]);
  t.deepEqual(await Promise.all(waits.slice(0, 2)), [1, [2]]);
  await tx.send(3);
  t.is(await waits[2], 3);
});

test("a full channel makes senders wait, in order", async (t) => {
  const [tx, rx] = channel<number>({ capacity: 2 });
  await tx.sendMany([0, 1]);
  t.false(tx.trySend(9));
  const done: number[] = [];
  const sends = [2, 3, 4].map((n) => tx.send(n).then(() => done.push(n)));
  await setImmediate();
  t.deepEqual(done, []);
  t.is(await rx.recv(), 0);
  await until(() => done.length > 0, "room is told");
  t.deepEqual(done, [2]);
  t.deepEqual([await rx.recv(), await rx.recv(), await rx.recv(), await rx.recv()], [1, 2, 3, 4]);
  await Promise.all(sends);
  t.deepEqual(done, [2, 3, 4]);
});

test("capacity and maxBytes hold to the message and to the byte", (t) => {
  const [byCount] = channel<number>({ capacity: 3 });
  t.deepEqual(
    [1, 2, 3, 4].map((n) => byCount.trySend(n)),
    [true, true, true, false],
  );
  // A payload of 1,000 bytes and its few bytes of form: 1,008.
  const [byBytes] = channel<Uint8Array>({ maxBytes: 2_016 });
  const kilobyte = new Uint8Array(1_000);
  t.deepEqual(
    [1, 2, 3].map(() => byBytes.trySend(kilobyte)),
    [true, true, false],
  );
});

test('overflow "error" rejects instead of waiting', async (t) => {
  const [tx, rx] = channel<number>({ capacity: 2, overflow: "error" });
  await tx.send(1);
  const full = await t.throwsAsync(tx.sendMany([2, 3, 4]), { instanceOf: ChannelFullError });
  t.is(full.code, "ERR_KLAW_CHANNEL_FULL");
  t.deepEqual({ ...full.details }, { capacity: 2, maxBytes: 8_388_608 });
  await t.throwsAsync(tx.send(5), { instanceOf: ChannelFullError });
  t.deepEqual(await rx.recvMany(10), [1, 2], "those before the one at fault are sent");
});

test("iteration ends when every sender is gone, after what was sent", async (t) => {
  const [tx, rx] = channel<number>({ capacity: 2 });
  const sent = tx.sendMany([1, 2, 3, 4, 5]);
  tx.close();
  const got: number[] = [];
  for await (const n of rx) got.push(n);
  await sent;
  t.deepEqual(got, [1, 2, 3, 4, 5]);
  t.deepEqual(await rx.recvMany(3), []);
  const closed = await t.throwsAsync(rx.recv(), { instanceOf: ChannelClosedError });
  t.is(closed.code, "ERR_KLAW_CHANNEL_CLOSED");
  t.throws(() => rx.tryRecv(), { instanceOf: ChannelClosedError });
});

test("those who wait are told when the channel ends", async (t) => {
  const [tx, rx] = channel<number>();
  const one = rx.recv();
  const many = rx.recvMany(5);
  tx.close();
  await t.throwsAsync(one, { instanceOf: ChannelClosedError });
  t.deepEqual(await many, []);

  const [blocked, gone] = channel<number>({ capacity: 1 });
  await blocked.send(1);
  const sends = [blocked.send(2), blocked.sendMany([3, 4])];
  gone.close();
  for (const send of sends) await t.throwsAsync(send, { instanceOf: ChannelClosedError });
  await t.throwsAsync(blocked.send(5), { instanceOf: ChannelClosedError });
});

test("an end that was closed here says so", async (t) => {
  const [tx, rx] = channel<number>();
  const waits = rx.recv();
  rx.close();
  rx.close();
  await t.throwsAsync(waits, { instanceOf: ChannelClosedError, message: /closed here/ });
  await t.throwsAsync(rx.recv(), { instanceOf: ChannelClosedError, message: /closed here/ });
  tx.close();
  await t.throwsAsync(tx.send(1), { instanceOf: ChannelClosedError, message: /closed here/ });
  t.throws(() => tx.trySend(1), { instanceOf: ChannelClosedError });
});

test("a wait ends with its signal or its time, and nothing is lost", async (t) => {
  const [tx, rx] = channel<number>({ capacity: 1 });
  const abort = new AbortController();
  const waits = rx.recv({ signal: abort.signal });
  abort.abort(new Error("enough"));
  await t.throwsAsync(waits, { message: "enough" });
  await t.throwsAsync(rx.recv({ signal: abort.signal }), { message: "enough" });
  const late = await t.throwsAsync(rx.recv({ timeoutMs: 5 }), { instanceOf: ChannelTimeoutError });
  t.is(late.code, "ERR_KLAW_TIMEOUT");

  await tx.send(1);
  const given = [tx.send(2, { timeoutMs: 5 }), tx.sendMany([3, 4], { timeoutMs: 5 })];
  for (const up of given) await t.throwsAsync(up, { instanceOf: ChannelTimeoutError });
  const kept = tx.send(5);
  t.is(await rx.recv(), 1);
  t.is(await rx.recv(), 5);
  await kept;
});

test("an end says what it is when it is looked at", (t) => {
  const [tx, rx] = channel<number>();
  rx.close();
  t.is(inspect([tx, rx]), "[ Sender (open), Receiver (closed) ]");
});

test("options that mean nothing are refused", async (t) => {
  for (const options of [{ capacity: 0 }, { capacity: 1.5 }, { maxBytes: 1 }, { overflow: "drop" }]) {
    t.throws(() => channel(options as object), { instanceOf: InvalidArgumentError });
  }
  const [tx, rx] = channel<number>();
  await t.throwsAsync(tx.send(1, { timeoutMs: -1 }), { instanceOf: InvalidArgumentError });
  await t.throwsAsync(rx.recvMany(0), { instanceOf: InvalidArgumentError });
  t.throws(() => move({} as Sender<number>), { instanceOf: InvalidArgumentError });
});

test("what can't travel, or can never fit, is refused with nothing sent", async (t) => {
  const [tx, rx] = channel<unknown>({ maxBytes: 1 << 16 });
  const refused = await t.throwsAsync(tx.send({ items: [1, () => 2] }), { instanceOf: SerializationError });
  t.is(refused.path, "message.items[1]");
  const large = await t.throwsAsync(tx.send(new Uint8Array(100_000)), { instanceOf: ValueTooLargeError });
  t.is(large.limitBytes, 1 << 16);
  await t.throwsAsync(tx.sendMany([1, Symbol("x"), 3]), { instanceOf: SerializationError });
  t.deepEqual(await rx.recvMany(10), [1]);
});

test("large values go through, also with small ones around them", async (t) => {
  const [tx, rx] = channel<Uint8Array | string>({ maxBytes: 32 << 20 });
  const large = new Uint8Array(3 << 20).map((_, n) => n % 251);
  await tx.sendMany(["before", large, "between", large, "after"]);
  const got: unknown[] = [];
  while (got.length < 5) got.push(...(await rx.recvMany(10)));
  t.deepEqual(
    got.map((value) => (value instanceof Uint8Array ? Buffer.compare(value, large) : value)),
    ["before", 0, "between", 0, "after"],
  );
  await t.throwsAsync(tx.send(new Uint8Array(17 << 20)), { instanceOf: ValueTooLargeError });
});

test("ends are shared by sending them, and moved by move", async (t) => {
  const [mail, inbox] = channel<{ answer: Sender<number>; also?: Receiver<number> }>();
  const [tx, rx] = channel<number>();
  await mail.send({ answer: tx });
  await mail.send({ answer: move(tx) });
  await t.throwsAsync(tx.send(0), { message: /closed here/ });
  const [first, second] = await inbox.recvMany(10);
  await first!.answer.send(1);
  await second!.answer.send(2);
  t.deepEqual(await rx.recvMany(10), [1, 2]);
  first!.answer.close();
  t.is(rx.tryRecv(), undefined, "one sender is left");
  second!.answer.close();
  await t.throwsAsync(rx.recv(), { instanceOf: ChannelClosedError });
});

test("an end in a message that nobody reads is given back", async (t) => {
  const [mail, inbox] = channel<Receiver<number>>();
  const [tx, rx] = channel<number>();
  await mail.send(move(rx));
  await tx.send(1);
  inbox.close();
  await t.throwsAsync(tx.send(2), { instanceOf: ChannelClosedError });
});

test("an end whose side was closed on the way arrives closed", async (t) => {
  const [mail, inbox] = channel<Sender<number>>({ capacity: 1 });
  const [tx, rx] = channel<number>();
  await mail.send(move(tx));
  rx.close();
  const arrived = await inbox.recv();
  await t.throwsAsync(arrived.send(1), { instanceOf: ChannelClosedError });
});

test("an end in a message that waits for room is open until it is sent", async (t) => {
  const [mail, inbox] = channel<Sender<number> | null>({ capacity: 1 });
  const [tx, rx] = channel<number>();
  await mail.send(null);
  const waits = mail.send(move(tx));
  t.is(rx.tryRecv(), undefined);
  t.is(await inbox.recv(), null);
  await waits;
  const arrived = await inbox.recv();
  await arrived!.send(7);
  t.is(await rx.recv(), 7);
});

test("an end that nobody has any more is closed", async (t) => {
  const [tx, rx] = channel<number>();
  (() => {
    const [mail, inbox] = channel<Sender<number>>();
    void mail.send(move(tx));
    void inbox;
  })();
  for (let n = 0; n < 50; n++) {
    globalThis.gc!();
    await delay(2);
    try {
      t.is(rx.tryRecv(), undefined);
    } catch (error) {
      t.true(error instanceof ChannelClosedError);
      return;
    }
  }
  t.fail("nobody can send, and the channel is open");
});

test.serial("timers and sockets go on beside loops that always find the next message", async (t) => {
  const [tx, rx] = channel<number>({ capacity: 100_000 });
  let turns = 0;
  const idle = setInterval(() => turns++, 1);
  await delay(200);
  clearInterval(idle);
  const alone = turns;
  turns = 0;
  const timer = setInterval(() => turns++, 1);
  const end = performance.now() + 200;
  const sending = (async () => {
    while (performance.now() < end) await tx.send(1);
    tx.close();
  })();
  let received = 0;
  for await (const n of rx) received += n;
  await sending;
  clearInterval(timer);
  t.true(turns > alone / 10, `${turns} turns of a timer beside ${received} messages, ${alone} alone`);
});
