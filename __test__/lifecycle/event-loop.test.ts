import { sessions } from "../helpers/session.ts";

import { setTimeout as delay } from "node:timers/promises";

import test from "ava";
import { ChannelClosedError, channel, init, type Receiver, type Sender } from "klaw-runtime";

import { channelId } from "../helpers/internal.ts";
import { Peer } from "../helpers/peer.ts";
import { until } from "../helpers/until.ts";

interface Echo {
  message: unknown;
  at: bigint;
}

test.after.always(async (t) => {
  await (await init()).shutdown();
  t.deepEqual(sessions(), [], "nothing is left");
});

/** A peer that answers on `rx` what is sent to `tx`. */
async function echo(...args: string[]): Promise<{ tx: Sender<unknown>; rx: Receiver<Echo>; peer: Peer }> {
  const { address } = await init();
  const [tx, there] = channel<unknown>();
  const [back, rx] = channel<Echo>();
  const peer = new Peer("echo", [address, channelId(there), channelId(back), ...args]);
  await peer.says();
  there.close();
  back.close();
  return { tx, rx, peer };
}

test("two processes talk, and both sleep when there is nothing to say", async (t) => {
  const { tx, rx, peer } = await echo();
  for (let n = 0; n < 1_000; n++) {
    await tx.send(n);
    t.is((await rx.recv()).message, n);
  }
  const waits = rx.recv();
  await delay(200);
  const before = process.cpuUsage();
  await delay(1_000);
  const { user, system } = process.cpuUsage(before);
  t.log(`idle: ${(user + system) / 1_000} ms of CPU in a second`);
  t.true(user + system < 200_000, "a waiting process burns its core");
  await tx.send("last");
  t.is((await waits).message, "last");
  tx.close();
  t.is(await peer.end(), 0);
  await t.throwsAsync(rx.recv(), { instanceOf: ChannelClosedError });
});

test("a message wakes a peer also when its sender's thread is busy afterwards", async (t) => {
  const { tx, rx, peer } = await echo();
  await tx.send("warm");
  await rx.recv();
  await delay(50);
  const start = process.hrtime.bigint();
  await tx.send("wake");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_000);
  const { at } = await rx.recv();
  const micros = Number(at - start) / 1_000;
  t.log(`the peer had it after ${micros.toFixed(0)} µs`);
  t.true(micros < 1_000_000, `${micros} µs: the peer waited for the sender's loop`);
  tx.close();
  t.is(await peer.end(), 0);
});

test("a watcher that starts in the turn in which a loop goes to sleep hides no message", async (t) => {
  const late: number[] = [];
  for (let round = 0; round < 4; round++) {
    const { tx, rx, peer } = await echo("listens");
    await delay(150);
    const start = process.hrtime.bigint();
    await tx.send(round);
    const { at } = await rx.recv();
    late.push(Number(at - start) / 1e6);
    tx.close();
    t.is(await peer.end(), 0);
  }
  t.log(`woken after ${late.map((ms) => ms.toFixed(2)).join(", ")} ms`);
  // A lost wake sleeps on until something else happens: in a process that does nothing else, for ever, or for seconds.
  t.true(Math.min(...late) < 2_000, `woken after ${late.join(", ")} ms`);
});

test("a peer that is killed is gone for those who wait for it", async (t) => {
  const { tx, rx, peer } = await echo();
  const waits = rx.recv();
  peer.kill();
  await t.throwsAsync(waits, { instanceOf: ChannelClosedError });
  await until(() => {
    try {
      return !tx.trySend("x");
    } catch {
      return true;
    }
  }, "the sender is told");
  await t.throwsAsync(tx.send("x"), { instanceOf: ChannelClosedError });
});

test("a process lives as long as somebody waits in it, and no longer", async (t) => {
  const { address } = await init();
  const [tx, rx] = channel<string>();
  const peer = (ending: string): Peer => new Peer("waits", [address, channelId(rx), ending]);

  const idle = peer("idle");
  t.is(await idle.says(), "ready");
  t.is(await idle.end(), 0, "an end alone keeps no process alive");

  const exits = peer("exit");
  t.is(await exits.end(), 3);

  const throws = new Peer("waits", [address, channelId(rx), "throw"]);
  t.is(await throws.end(), 1);

  const waits = peer("wait");
  await waits.says();
  await delay(300);
  t.is(waits.process.exitCode, null, "a wait keeps it alive");
  await tx.send("go");
  t.is(await waits.says(), "received");
  t.is(await waits.end(), 0);
});
