/** Calls to one actor or to a pool, beside what Node.js programs use for that today. */
import { median, quantile } from "../lib/stats.mjs";

const PEERS = {
  "klaw actor": async () => (await import("./klaw.mjs")).actor(),
  "Worker + id map": async () => (await import("./worker.mjs")).idMap(),
  comlink: async () => (await import("./libraries.mjs")).comlink(),
  "klaw task": async () => (await import("./klaw.mjs")).task(),
  piscina: async () => (await import("./libraries.mjs")).piscina(),
  tinypool: async () => (await import("./libraries.mjs")).tinypool(),
};

const RUNS = 5;
const IN_FLIGHT = { 1: 10_000, 64: 50_000, 1_000: 50_000 };
const STARTS = 15;

/** Rows of rates in thousand calls a second, by how many are in flight: all peers of a row one after the other, run for run. */
export async function rates() {
  const rows = [];
  for (const [inFlight, calls] of Object.entries(IN_FLIGHT)) {
    const row = { "in flight": inFlight };
    const runs = Object.fromEntries(Object.keys(PEERS).map((name) => [name, []]));
    for (let n = 0; n < RUNS; n++) {
      for (const [name, start] of Object.entries(PEERS))
        runs[name].push(await rate(start, Number(inFlight), calls));
    }
    for (const [name, kilo] of Object.entries(runs)) row[name] = median(kilo);
    rows.push(row);
  }
  return rows;
}

async function rate(start, inFlight, calls) {
  const { call, stop } = await start();
  await many(call, inFlight, calls / 5);
  const begin = performance.now();
  await many(call, inFlight, calls);
  const kilo = calls / (performance.now() - begin);
  await stop();
  return kilo;
}

async function many(call, inFlight, calls) {
  let left = calls;
  const one = async () => {
    while (left-- > 0) {
      if ((await call(left, 1)) !== left + 1 && inFlight === 1) throw new Error("a wrong sum");
    }
  };
  await Promise.all(Array.from({ length: inFlight }, one));
}

/** Milliseconds until something new has answered once: median and p99. */
export async function starts() {
  const row = { what: "first answer" };
  for (const [name, load] of [
    ["klaw actor, spare worker", () => import("./klaw.mjs")],
    ["bare fork", () => import("./fork.mjs")],
  ]) {
    const { start, stop } = await (await load()).starts();
    const took = [];
    for (let n = 0; n < STARTS; n++) took.push(await start());
    await stop();
    row[name] = [median(took), quantile(took, 0.99)];
  }
  return [row];
}
