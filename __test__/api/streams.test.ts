import { sessions } from "../helpers/session.ts";

import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { TransformStream } from "node:stream/web";

import test from "ava";
import { ChannelClosedError, channel, init } from "klaw-runtime";

test.before(() => init());
test.after.always(async (t) => {
  await (await init()).shutdown();
  t.deepEqual(sessions(), [], "nothing is left");
});

test("streams end where the channel does", async (t) => {
  const [tx, rx] = channel<number>({ capacity: 2 });
  const doubled = new TransformStream<number, number>({ transform: (n, out) => out.enqueue(2 * n) });
  const [results, got] = channel<number>();
  const piped = rx.readable().pipeThrough(doubled).pipeTo(results.writable());
  await tx.sendMany([1, 2, 3, 4, 5]);
  tx.close();
  await piped;
  t.deepEqual(await got.recvMany(10), [2, 4, 6, 8, 10]);
  t.deepEqual(await got.recvMany(10), [], "closed with the stream");
});

test("a stream takes no message that nobody asked for", async (t) => {
  const [tx, rx] = channel<number>();
  const reader = rx.readable().getReader();
  await tx.sendMany([1, 2]);
  t.deepEqual(await reader.read(), { value: 1, done: false });
  t.deepEqual(rx.tryRecv(), { value: 2 });
  await reader.cancel();
  await t.throwsAsync(tx.send(3), { instanceOf: ChannelClosedError });
});

test("a writer waits for room", async (t) => {
  const [tx, rx] = channel<number>({ capacity: 1 });
  const writer = tx.writable().getWriter();
  const writes = [1, 2, 3].map((n) => writer.write(n));
  t.deepEqual([await rx.recv(), await rx.recv(), await rx.recv()], [1, 2, 3]);
  await Promise.all(writes);
  await writer.abort();
  t.deepEqual(await rx.recvMany(1), []);
});

test("Node.js streams are made of them", async (t) => {
  const [tx, rx] = channel<Uint8Array>();
  const got: Buffer[] = [];
  const reading = (async () => {
    for await (const chunk of Readable.fromWeb(rx.readable())) got.push(Buffer.from(chunk as Uint8Array));
  })();
  await pipeline(Readable.from([Buffer.from("ab"), Buffer.from("cd")]), Writable.fromWeb(tx.writable()));
  await reading;
  t.is(Buffer.concat(got).toString(), "abcd");
});
