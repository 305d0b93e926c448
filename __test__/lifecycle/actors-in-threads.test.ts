import { segments, sessions } from "../helpers/session.ts";

import { once } from "node:events";
import { readdirSync } from "node:fs";
import { Worker } from "node:worker_threads";

import test from "ava";
import { init } from "klaw-runtime";

/** Worker threads that are made and ended with calls in flight; more in the long suite. */
const CYCLES = process.env.KLAW_LONG === undefined ? 50 : 1_000;
const THREAD = new URL("../peers/actors-in-thread.mjs", import.meta.url);

interface Said {
  sessionId: string;
  sum: number;
  doubled: number;
}

async function start(workerData: object): Promise<{ thread: Worker; said: Said; exit: Promise<unknown> }> {
  const thread = new Worker(THREAD, { workerData, execArgv: [] });
  const exit = once(thread, "exit").then(([code]) => code as unknown);
  const [said] = (await once(thread, "message")) as [Said];
  return { thread, said, exit };
}

const descriptors = (): number => readdirSync("/proc/self/fd").length;

test.serial("a thread has actors and tasks of its own, and leaves nothing", async (t) => {
  const { said, exit } = await start({ ends: true });
  t.deepEqual([said.sum, said.doubled], [1, 42]);
  t.is(await exit, 0);
  t.deepEqual([sessions(), segments(said.sessionId)], [[], []]);
});

test.serial("a thread calls in the session of another", async (t) => {
  await using runtime = await init({ numCpus: 2 });
  const threads = await Promise.all([1, 2].map(() => start({ address: runtime.address, ends: true })));
  for (const { said } of threads) t.deepEqual(said, { sessionId: runtime.sessionId, sum: 1, doubled: 42 });
  t.deepEqual(await Promise.all(threads.map(({ exit }) => exit)), [0, 0]);
});

test.serial("threads are terminated with calls in flight, again and again", async (t) => {
  t.timeout(1_800_000);
  let before = 0;
  let last = "";
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    const { thread, said } = await start({});
    await thread.terminate();
    last = said.sessionId;
    if (cycle === 10) before = descriptors();
  }
  t.true(
    descriptors() <= before + 2,
    `${before} descriptors after 10 threads, ${descriptors()} after ${CYCLES}`,
  );
  t.deepEqual([sessions(), segments(last)], [[], []]);
});
