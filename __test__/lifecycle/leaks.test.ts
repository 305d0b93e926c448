import { segments, sessions } from "../helpers/session.ts";

import { readdirSync } from "node:fs";

import test from "ava";
import { channel, init, move, type Receiver } from "klaw-runtime";

const LONG = process.env.KLAW_LONG !== undefined;
const SESSIONS = LONG ? 10_000 : 1_000;
const CHANNELS = LONG ? 100_000 : 10_000;
/** What an allocator keeps, in steps, whatever the number of cycles; the long suite's numbers would show a leak of 5 KiB. */
const SLACK_MIB = 48;

const descriptors = (): number => readdirSync("/proc/self/fd").length;

function residentMib(): number {
  globalThis.gc!();
  return process.memoryUsage.rss() / 2 ** 20;
}

async function sessionCycle(): Promise<string> {
  const runtime = await init();
  const [tx, rx] = channel<Uint8Array>();
  await tx.send(new Uint8Array(10_000));
  await rx.recv();
  const left = rx.recv();
  await runtime.shutdown();
  await left.catch(() => {});
  return runtime.sessionId;
}

test.serial("sessions that come and go leave nothing behind", async (t) => {
  for (let cycle = 0; cycle < 20; cycle++) await sessionCycle();
  const before = { descriptors: descriptors(), mib: residentMib() };
  let last = "";
  for (let cycle = 0; cycle < SESSIONS; cycle++) last = await sessionCycle();
  t.true(
    descriptors() <= before.descriptors,
    `${before.descriptors} descriptors before, ${descriptors()} after`,
  );
  t.deepEqual([sessions(), segments(last)], [[], []]);
  const grown = residentMib() - before.mib;
  t.log(`${SESSIONS} sessions: ${grown.toFixed(1)} MiB more`);
  t.true(grown < SLACK_MIB);
});

test.serial("channels that come and go leave nothing behind", async (t) => {
  const runtime = await init();
  const [mail, inbox] = channel<Receiver<number>>();
  const cycle = async (n: number): Promise<void> => {
    const [tx, rx] = channel<number>();
    await mail.send(move(rx));
    const moved = await inbox.recv();
    const waits = moved.recv();
    await tx.send(n);
    await waits;
    // Every third is left to the collector.
    if (n % 3 > 0) tx.close();
    if (n % 3 > 1) moved.close();
  };
  for (let n = 0; n < 1_000; n++) await cycle(n);
  const before = { descriptors: descriptors(), mib: residentMib() };
  for (let n = 0; n < CHANNELS; n++) {
    await cycle(n);
    // Finalisers run between turns.
    if (n % 500 === 0) {
      globalThis.gc!();
      await new Promise((done) => setTimeout(done, 1));
    }
  }
  t.true(
    descriptors() <= before.descriptors,
    `${before.descriptors} descriptors before, ${descriptors()} after`,
  );
  const grown = residentMib() - before.mib;
  t.log(`${CHANNELS} channels: ${grown.toFixed(1)} MiB more`);
  t.true(grown < SLACK_MIB);
  await runtime.shutdown();
});
