/** What users do that no one plans for: user code in the middle of a call, waits that nobody holds, moves that fail. */
import { sessions } from "../helpers/session.ts";

import { setImmediate, setTimeout as delay } from "node:timers/promises";

import test from "ava";
import {
  ChannelClosedError,
  ChannelTimeoutError,
  KlawError,
  SerializationError,
  ValueTooLargeError,
  channel,
  init,
  move,
  registerSerializer,
  type Receiver,
  type Sender,
} from "klaw-runtime";

import { channelId, openReceiver } from "../helpers/internal.ts";

test.before(() => init());
test.after.always(async (t) => {
  await (await init()).shutdown();
  t.deepEqual(sessions(), [], "nothing is left");
});

/** A class whose instances run `onEncode` when they are sent and `onDecode` when they are read. */
class Busy {
  readonly n: number;
  static onEncode: ((n: number) => void) | undefined;
  static onDecode: ((n: number) => void) | undefined;

  constructor(n: number) {
    this.n = n;
  }
}
registerSerializer(Busy, {
  encode: ({ n }) => {
    Busy.onEncode?.(n);
    return n;
  },
  decode: (n: number) => {
    Busy.onDecode?.(n);
    return new Busy(n);
  },
});
test.afterEach(() => {
  Busy.onEncode = undefined;
  Busy.onDecode = undefined;
});

async function collect(): Promise<void> {
  for (let n = 0; n < 5; n++) {
    globalThis.gc!();
    await delay(2);
  }
}

test.serial("a receiver that somebody waits for is not collected", async (t) => {
  const [requests, inbox] = channel<{ n: number; answer: Sender<number> }>();
  const ask = async (n: number): Promise<number> => {
    const [answer, replies] = channel<number>();
    await requests.send({ n, answer: move(answer) });
    // Without await: nothing but the wait itself holds the receiver.
    return replies.recv();
  };
  const asked = [1, 2, 3].map(ask);
  await setImmediate();
  await collect();
  for (const { n, answer } of await inbox.recvMany(10)) await answer.send(n * n);
  t.deepEqual(await Promise.all(asked), [1, 4, 9]);
});

test.serial("an end that only its move holds is not collected", async (t) => {
  const [mail, inbox] = channel<Sender<number>>();
  const [parcel, rx] = (() => {
    const [tx, receiver] = channel<number>();
    return [move(tx), receiver] as const;
  })();
  await collect();
  await mail.send(parcel);
  const arrived = await inbox.recv();
  await arrived.send(7);
  t.is(await rx.recv(), 7);
});

test.serial("an encode function may send messages itself", async (t) => {
  const [log, logged] = channel<string>();
  const [tx, rx] = channel<unknown>();
  Busy.onEncode = (n) => void log.send(`encoding ${n}`);
  const message = { a: "A".repeat(20), job: new Busy(7), b: "BBBB" };
  await tx.send(message);
  await tx.sendMany(["one", "two", { n: 3, job: new Busy(9) }, "four"]);
  t.deepEqual(await rx.recvMany(10), [message, "one", "two", { n: 3, job: new Busy(9) }, "four"]);
  t.deepEqual(await logged.recvMany(10), ["encoding 7", "encoding 9"]);
});

test.serial("a decode function may receive messages itself", async (t) => {
  const [other, others] = channel<string>();
  const [tx, rx] = channel<unknown>();
  await other.sendMany(["x".repeat(20), "y"]);
  const got: unknown[] = [];
  Busy.onDecode = () => got.push(others.tryRecv()?.value);
  const sent = [{ job: new Busy(1), s: "after" }, "second", { job: new Busy(2), q: 4 }, "last"];
  await tx.sendMany(sent);
  t.deepEqual(await rx.recvMany(10), sent);
  t.deepEqual(got, ["x".repeat(20), "y"]);
});

test.serial("one message that can't be read costs no other one, and no end", async (t) => {
  Busy.onDecode = (n) => {
    if (n === 3) throw new Error("no");
  };
  const [tx, rx] = channel<unknown>();
  const [mine, theirs] = channel<number>();
  await tx.sendMany([1, 2, new Busy(3), 4]);
  await tx.send({ reply: mine });
  await tx.sendMany([new Busy(3), 6]);
  mine.close();
  t.deepEqual(await rx.recvMany(10), [1, 2]);
  await t.throwsAsync(rx.recvMany(10), { instanceOf: SerializationError });
  const [four, withEnd] = (await rx.recvMany(2)) as [number, { reply: Sender<number> }];
  t.is(four, 4);
  await t.throwsAsync(rx.recv(), { instanceOf: SerializationError });
  t.is(await rx.recv(), 6);
  withEnd.reply.close();
  await t.throwsAsync(theirs.recv(), { instanceOf: ChannelClosedError });
});

test.serial("what a receiver has not given out is left to the others when it closes", async (t) => {
  const [tx, first] = channel<{ i: number; pad: string }>();
  const second = openReceiver<{ i: number }>(channelId(first));
  const pad = "x".repeat(60_000);
  for (let i = 0; i < 10; i++) await tx.send({ i, pad });
  const got = (await first.recvMany(10)).map(({ i }) => i);
  t.true(got.length < 10);
  first.close();
  tx.close();
  for await (const { i } of second) got.push(i);
  t.deepEqual(got, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test.serial("a receiver that is moved tells whoever waits for it", async (t) => {
  const [mail, inbox] = channel<Receiver<number>>();
  const [tx, rx] = channel<number>();
  const waits = rx.recv();
  await mail.send(move(rx));
  await t.throwsAsync(waits, { instanceOf: ChannelClosedError });
  await tx.send(1);
  t.is(await (await inbox.recv()).recv(), 1);
});

test.serial("an end whose message was not sent stays here", async (t) => {
  const [mail, inbox] = channel<Sender<number> | number>({ capacity: 1 });
  const [tx, rx] = channel<number>();
  await mail.send(0);
  await t.throwsAsync(mail.send(move(tx), { timeoutMs: 5 }), { instanceOf: ChannelTimeoutError });
  await tx.send(1);
  t.is(await rx.recv(), 1);
  const waits = mail.send(move(tx));
  inbox.close();
  await t.throwsAsync(waits, { instanceOf: ChannelClosedError });
  await tx.send(2);
  t.is(await rx.recv(), 2);
});

test.serial("sendMany stops at its signal, and its time is one for the whole call", async (t) => {
  const abort = new AbortController();
  const [tx] = channel<number>({ capacity: 5_000 });
  function* numbers(): Generator<number> {
    for (let i = 0; i < 20_000; i++) {
      if (i === 4_097) abort.abort(new Error("enough"));
      yield i;
    }
  }
  await t.throwsAsync(tx.sendMany(numbers(), { signal: abort.signal }), { message: "enough" });

  const [full, slow] = channel<number>({ capacity: 8 });
  const reader = setInterval(() => slow.tryRecv(), 1);
  const endless = (function* () {
    for (let i = 0; ; i++) yield i;
  })();
  await t.throwsAsync(full.sendMany(endless, { timeoutMs: 100 }), { instanceOf: ChannelTimeoutError });
  clearInterval(reader);
});

test.serial("a message that aborts its own wait rejects", async (t) => {
  const abort = new AbortController();
  const [tx] = channel<unknown>({ capacity: 1 });
  await tx.send(0);
  const message = {
    get x() {
      abort.abort(new Error("no more"));
      return 1;
    },
  };
  await t.throwsAsync(tx.send(message, { signal: abort.signal }), { message: "no more" });
});

test.serial("sendMany sends nothing behind what can't be sent", async (t) => {
  const [tx, rx] = channel<string | Uint8Array>({ capacity: 4, maxBytes: 4_096 });
  const sends = tx.sendMany(["m0", "m1", "m2", "m3", "m4", new Uint8Array(8_000), "m6", "m7"]);
  const refused = t.throwsAsync(sends, { instanceOf: ValueTooLargeError });
  const behind = tx.send("of another call");
  const got: unknown[] = [];
  while (got.length < 6) got.push(await rx.recv());
  await refused;
  await behind;
  t.deepEqual(got, ["m0", "m1", "m2", "m3", "m4", "of another call"]);
});

test.serial("messages keep their order also without await, and close waits for them", async (t) => {
  const [tx, rx] = channel<unknown>({ capacity: 100 });
  const [end] = channel<number>();
  void tx.sendMany(Array.from({ length: 3_000 }, (_, n) => n));
  void tx.sendMany(["a", { end }, "b"]);
  void tx.send("last");
  tx.close();
  const got: unknown[] = [];
  for await (const message of rx) got.push(typeof message === "object" ? "end" : message);
  t.deepEqual(got, [...Array.from({ length: 3_000 }, (_, n) => n), "a", "end", "b", "last"]);
});

test.serial("hundreds of thousands of waits cost no more than their number", async (t) => {
  const [tx, rx] = channel<number>({ capacity: 1 });
  await tx.send(-1);
  const abort = new AbortController();
  const sends = Array.from({ length: 50_000 }, (_, n) =>
    tx.send(n, { signal: abort.signal }).catch(() => "gone"),
  );
  const start = performance.now();
  abort.abort();
  await Promise.all(sends);
  const waits = Array.from({ length: 50_000 }, () => rx.recv());
  const served = (async () => {
    for (const wait of waits) await wait;
  })();
  await tx.sendMany(Array.from({ length: 49_999 }, (_, n) => n));
  await served;
  t.log(`${(performance.now() - start).toFixed(0)} ms`);
  t.is(rx.tryRecv(), undefined);
});

test.serial("options of the wrong type take no message", async (t) => {
  const [tx, rx] = channel<number>();
  await t.throwsAsync(rx.recv({ timeoutMs: 5n as never }), { code: "ERR_KLAW_INVALID_ARGUMENT" });
  await t.throwsAsync(rx.recv({ signal: {} as never }), { code: "ERR_KLAW_INVALID_ARGUMENT" });
  await t.throwsAsync(tx.sendMany(5 as never), { code: "ERR_KLAW_INVALID_ARGUMENT" });
  await tx.send(1);
  t.is(await rx.recv(), 1);
});

test.serial("a thread is in one session, and an old runtime ends no new one", async (t) => {
  const first = await init();
  await t.throwsAsync(init({ address: "/nowhere/0123456789abcdef" }), {
    code: "ERR_KLAW_ALREADY_INITIALIZED",
  });
  await t.throwsAsync(init({ busyPollUs: -5 }), { instanceOf: KlawError });
  t.is(await init({ address: first.address }), first);
  const [, waiting] = channel<number>();
  const loop = (async () => {
    for await (const n of waiting) void n;
    return "ended";
  })();
  await setImmediate();
  await first.shutdown();
  t.is(await loop, "ended", "a loop ends with its thread's session");
  await init();
  const [tx, rx] = channel<number>();
  await first.shutdown();
  await tx.send(1);
  t.is(await rx.recv(), 1);
});
