/** A worker thread and a map of who waits: what people write who want no library. */
import { once } from "node:events";
import { Worker, isMainThread, parentPort } from "node:worker_threads";

export async function idMap() {
  const worker = new Worker(new URL(import.meta.url));
  await once(worker, "message");
  const waiting = new Map();
  let next = 0;
  worker.on("message", ({ id, result }) => {
    const resolve = waiting.get(id);
    waiting.delete(id);
    resolve(result);
  });
  const call = (a, b) =>
    new Promise((resolve) => {
      const id = next++;
      waiting.set(id, resolve);
      worker.postMessage({ id, a, b });
    });
  return { call, stop: () => worker.terminate() };
}

if (!isMainThread) {
  parentPort.on("message", ({ id, a, b }) => parentPort.postMessage({ id, result: a + b }));
  parentPort.postMessage("ready");
}
