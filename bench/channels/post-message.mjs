/** `postMessage` to a worker thread. It has no bound: nothing waits for the receiver. */
import { once } from "node:events";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";

async function start(mode) {
  const worker = new Worker(new URL(import.meta.url), { workerData: mode });
  await once(worker, "message");
  const answer = () => new Promise((resolve) => worker.once("message", resolve));
  return { worker, answer, stop: () => worker.terminate() };
}

export async function oneByOne() {
  const { worker, answer, stop } = await start("count");
  const run = async (make, messages) => {
    for (let n = 0; n < messages; n++) worker.postMessage(make(n));
    worker.postMessage(null);
    await answer();
  };
  return { run, stop };
}

/** Many values in one message: the only batch that it has. */
export async function batched() {
  const { worker, answer, stop } = await start("count");
  const run = async (make, messages) => {
    for (let n = 0; n < messages; n += 1_000) {
      worker.postMessage(Array.from({ length: Math.min(1_000, messages - n) }, (_, i) => make(n + i)));
    }
    worker.postMessage(null);
    await answer();
  };
  return { run, stop };
}

export async function roundTrips() {
  const { worker, answer, stop } = await start("echo");
  const trip = (value) => {
    const answered = answer();
    worker.postMessage(value);
    return answered;
  };
  return { trip, stop };
}

if (!isMainThread && parentPort !== null) {
  parentPort.on("message", (value) => {
    if (workerData === "echo" || value === null) parentPort.postMessage(value);
  });
  parentPort.postMessage("ready");
}
