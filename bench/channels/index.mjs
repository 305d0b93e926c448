/** Messages from one process to another, beside what Node.js programs use for that today. */
import { median, quantile } from "../lib/stats.mjs";
import { VALUES } from "./values.mjs";

const PEERS = {
  "klaw channel": () => import("./klaw.mjs"),
  "worker postMessage": () => import("./post-message.mjs"),
  "fork, advanced": () => import("./fork.mjs"),
  "zeromq ipc": () => import("./zeromq.mjs"),
};

const RUNS = 5;
const TRIPS = 20_000;

/** Rows of rates in thousand messages a second, for each way of sending. */
export async function rates(way) {
  const rows = [];
  for (const [value, { make, messages }] of Object.entries(VALUES)) {
    const row = { value };
    for (const [name, load] of Object.entries(PEERS)) {
      const start = (await load())[way];
      row[name] = start === undefined ? undefined : await rate(start, make, messages);
    }
    rows.push(row);
  }
  return rows;
}

async function rate(start, make, messages) {
  const { run, stop } = await start();
  await run(make, Math.ceil(messages / 10));
  const kilo = [];
  for (let n = 0; n < RUNS; n++) {
    const begin = performance.now();
    await run(make, messages);
    kilo.push(messages / (performance.now() - begin));
  }
  await stop();
  return median(kilo);
}

/** Round trips in microseconds: median and p99. */
export async function trips() {
  const rows = [];
  for (const [value, { make }] of Object.entries(VALUES).slice(0, 2)) {
    const row = { value };
    for (const [name, load] of Object.entries(PEERS)) {
      const { trip, stop } = await (await load()).roundTrips();
      const micros = [];
      for (let n = 0; n < TRIPS; n++) {
        const begin = process.hrtime.bigint();
        await trip(make(n));
        micros.push(Number(process.hrtime.bigint() - begin) / 1_000);
      }
      await stop();
      // The first tenth warms up.
      const warm = micros.slice(TRIPS / 10);
      row[name] = [median(warm), quantile(warm, 0.99)];
    }
    rows.push(row);
  }
  return rows;
}
