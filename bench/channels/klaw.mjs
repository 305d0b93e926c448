/** Channels of klaw-runtime, between two processes. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { channel, init } from "klaw-runtime";

import { channelId, openReceiver, openSender } from "../../dist/channel/address.js";

const BATCH = 1_000;
const OPTIONS = { capacity: 16_384, maxBytes: 64 << 20 };

/** A peer that counts what comes one by one, or in batches, or sends it back. */
async function start(mode) {
  const { address } = await init();
  const [tx, there] = channel(OPTIONS);
  const [back, rx] = channel(OPTIONS);
  const peer = fork(
    fileURLToPath(import.meta.url),
    [address, channelId(there), channelId(back), mode].map(String),
  );
  await once(peer, "message");
  there.close();
  back.close();
  const stop = async () => {
    tx.close();
    await once(peer, "exit");
  };
  return { tx, rx, stop };
}

export async function oneByOne() {
  const { tx, rx, stop } = await start("one");
  const run = async (make, messages) => {
    for (let n = 0; n < messages; n++) await tx.send(make(n));
    await tx.send(null);
    await rx.recv();
  };
  return { run, stop };
}

export async function batched() {
  const { tx, rx, stop } = await start("many");
  const run = async (make, messages) => {
    for (let n = 0; n < messages; n += BATCH) {
      await tx.sendMany(Array.from({ length: Math.min(BATCH, messages - n) }, (_, i) => make(n + i)));
    }
    await tx.send(null);
    await rx.recv();
  };
  return { run, stop };
}

export async function roundTrips() {
  const { tx, rx, stop } = await start("echo");
  const trip = async (value) => {
    await tx.send(value);
    return rx.recv();
  };
  return { trip, stop };
}

async function serve([address, inbox, outbox, mode]) {
  const runtime = await init({ address });
  const rx = openReceiver(Number(inbox));
  const tx = openSender(Number(outbox));
  process.send("ready");
  if (mode === "many") {
    for (let batch = await rx.recvMany(BATCH); batch.length > 0; batch = await rx.recvMany(BATCH)) {
      if (batch.at(-1) === null) await tx.send(null);
    }
  } else {
    for await (const value of rx) {
      if (mode === "echo" || value === null) await tx.send(value);
    }
  }
  await runtime.shutdown();
  process.disconnect();
}

if (process.send !== undefined) {
  await serve(process.argv.slice(2));
}
