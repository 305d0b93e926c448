import { segments, sessions } from "../helpers/session.ts";

import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import test from "ava";
import { channel, init, type Receiver, type Sender } from "klaw-runtime";

import { channelId } from "../helpers/internal.ts";

const KILLS = process.env.KLAW_LONG === undefined ? 25 : 1_000;
const WORKERS = 3;
const PROGRAM = fileURLToPath(new URL("../peers/squares.mjs", import.meta.url));

interface Result {
  n: number;
  square: number;
}

/** Workers that are killed and stopped at random, while jobs go through them. */
class Storm {
  readonly #start: () => ChildProcess;
  readonly #workers: ChildProcess[] = [];
  kills = 0;

  constructor(start: () => ChildProcess) {
    this.#start = start;
  }

  async blow(): Promise<void> {
    while (this.#workers.length < WORKERS) await this.#add();
    while (this.kills < KILLS) {
      const victim = this.#workers.splice(Math.floor(Math.random() * WORKERS), 1)[0]!;
      await delay(Math.random() * 20);
      if (this.kills % 5 === 0) {
        // A stopped process is slow; then it is dead.
        victim.kill("SIGSTOP");
        await delay(10);
      }
      victim.kill("SIGKILL");
      await once(victim, "exit");
      this.kills++;
      await this.#add();
    }
  }

  /** Those that are left end by themselves. */
  async calm(): Promise<(number | null)[]> {
    return Promise.all(
      this.#workers.map(async (worker) => worker.exitCode ?? ((await once(worker, "exit")) as [number])[0]),
    );
  }

  async #add(): Promise<void> {
    const worker = this.#start();
    this.#workers.push(worker);
    await once(worker, "message");
  }
}

async function sendUntil(over: () => boolean, jobs: Sender<number>): Promise<number> {
  let sent = 0;
  while (!over()) await jobs.send(sent++);
  jobs.close();
  return sent;
}

/** Which numbers came: a bit each, for there are tens of millions in the long run. */
class Seen {
  #bits = new Uint8Array(1 << 16);
  count = 0;

  /** False if it came before. */
  add(n: number): boolean {
    const [at, bit] = [Math.floor(n / 8), 1 << (n % 8)];
    if (at >= this.#bits.length) {
      const grown = new Uint8Array(2 * Math.max(at, this.#bits.length));
      grown.set(this.#bits);
      this.#bits = grown;
    }
    if ((this.#bits[at]! & bit) !== 0) return false;
    this.#bits[at]! |= bit;
    this.count++;
    return true;
  }
}

async function receiveAll(results: Receiver<Result>): Promise<{ got: number; wrong: Result[] }> {
  const seen = new Seen();
  const wrong: Result[] = [];
  for await (const result of results) {
    if (!seen.add(result.n) || result.square !== result.n ** 2) wrong.push(result);
  }
  return { got: seen.count, wrong };
}

test("workers are killed at random: nothing comes twice, nothing is lost that no dead one held", async (t) => {
  t.timeout(1_800_000);
  const runtime = await init();
  const [jobs, there] = channel<number>({ capacity: 64 });
  const [back, results] = channel<Result>({ capacity: 64 });
  const args = [runtime.address, channelId(there), channelId(back)].map(String);
  const storm = new Storm(() => fork(PROGRAM, args, { execArgv: [] }));

  let over = false;
  const sending = sendUntil(() => over, jobs);
  const receiving = receiveAll(results);
  await storm.blow();
  over = true;
  const sent = await sending;
  // From here on the workers' ends alone keep the channels open.
  there.close();
  back.close();
  t.deepEqual(await storm.calm(), Array(WORKERS).fill(0));
  const { got, wrong } = await receiving;

  const lost = sent - got;
  t.log(`${storm.kills} kills, ${sent} jobs, ${lost} lost with the workers that held them`);
  t.deepEqual(wrong, []);
  t.true(lost <= storm.kills, `${lost} lost by ${storm.kills} kills of workers that hold one job each`);
  await runtime.shutdown();
  t.deepEqual([sessions(), segments(runtime.sessionId)], [[], []]);
});
