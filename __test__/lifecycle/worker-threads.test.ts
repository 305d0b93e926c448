import { sessions } from "../helpers/session.ts";

import { once } from "node:events";
import { readdirSync } from "node:fs";
import { Worker } from "node:worker_threads";

import test from "ava";
import { channel, init, type Receiver, type Sender } from "klaw-runtime";

import { channelId } from "../helpers/internal.ts";

/** Worker threads that are made and ended with calls in flight; more in the long suite. */
const CYCLES = process.env.KLAW_LONG === undefined ? 100 : 1_000;
const THREAD = new URL("../peers/thread.mjs", import.meta.url);

interface Thread {
  worker: Worker;
  tx: Sender<number>;
  rx: Receiver<number>;
}

const descriptors = (): number => readdirSync("/proc/self/fd").length;

async function start(ending: string): Promise<Thread> {
  const { address } = await init();
  const [tx, there] = channel<number>();
  const [back, rx] = channel<number>();
  const worker = new Worker(THREAD, {
    workerData: { address, inbox: channelId(there), outbox: channelId(back), ending },
    stderr: true,
  });
  await once(worker, "message");
  there.close();
  back.close();
  return { worker, tx, rx };
}

test.after.always(async (t) => {
  await (await init()).shutdown();
  t.deepEqual(sessions(), [], "nothing is left");
});

test.serial("several loops of one process talk over channels", async (t) => {
  const threads = await Promise.all([start("closed"), start("closed"), start("closed")]);
  for (let n = 0; n < 100; n++) {
    await Promise.all(threads.map(({ tx }) => tx.send(n)));
    t.deepEqual(await Promise.all(threads.map(({ rx }) => rx.recv())), [n + 1, n + 1, n + 1]);
  }
  for (const { tx } of threads) tx.close();
  await Promise.all(threads.map(({ worker }) => once(worker, "exit")));
});

test.serial("a thread that ends by exit or by an error closes its ends", async (t) => {
  for (const ending of ["exit", "throw"]) {
    const { worker, tx, rx } = await start(ending);
    worker.on("error", () => {});
    if (ending === "throw") {
      await tx.send(1);
      t.is(await rx.recv(), 2);
    }
    t.deepEqual(await rx.recvMany(1), [], ending);
    worker.terminate();
  }
});

test.serial("threads are terminated with messages in flight, again and again", async (t) => {
  t.timeout(600_000);
  let before = 0;
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    const { worker, tx, rx } = await start("closed");
    const sending = (async () => {
      for (;;) await tx.send(1);
    })();
    await rx.recv();
    await worker.terminate();
    await t.throwsAsync(sending, { code: "ERR_KLAW_CHANNEL_CLOSED" });
    while ((await rx.recvMany(1_024)).length > 0);
    if (cycle === 10) before = descriptors();
  }
  t.true(
    descriptors() <= before + 2,
    `${before} descriptors after 10 threads, ${descriptors()} after ${CYCLES}`,
  );
});
