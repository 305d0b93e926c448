/** A worker thread with a loop of its own: `workerData` says which session and channels, and how it ends. */
import { parentPort, workerData } from "node:worker_threads";

import { init } from "klaw-runtime";

import { openReceiver, openSender } from "../../dist/channel/address.js";

const { address, inbox, outbox, ending } = workerData;
await init({ address });
const rx = openReceiver(inbox);
const tx = openSender(outbox);
parentPort.postMessage("ready");
if (ending === "exit") {
  void rx.recv();
  process.exit(0);
}
for await (const n of rx) {
  await tx.send(n + 1);
  if (ending === "throw") throw new Error("on purpose");
}
