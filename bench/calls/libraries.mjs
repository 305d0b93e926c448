/** Libraries over worker threads. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";

import { wrap } from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";
import { Piscina } from "piscina";
import { Tinypool } from "tinypool";

const POOLED = new URL("./pooled.mjs", import.meta.url).href;

export async function comlink() {
  const worker = new Worker(new URL("./comlink-worker.mjs", import.meta.url));
  await once(worker, "online");
  const add = wrap(nodeEndpoint(worker));
  await add(0, 0);
  return { call: (a, b) => add(a, b), stop: () => worker.terminate() };
}

export async function piscina() {
  const pool = new Piscina({ filename: POOLED });
  await pool.run({ a: 0, b: 0 });
  return { call: (a, b) => pool.run({ a, b }), stop: () => pool.destroy() };
}

export async function tinypool() {
  const pool = new Tinypool({ filename: POOLED });
  await pool.run({ a: 0, b: 0 });
  return { call: (a, b) => pool.run({ a, b }), stop: () => pool.destroy() };
}
