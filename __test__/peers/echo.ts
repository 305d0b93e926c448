/** Answers each message with itself: echo.ts address inbox outbox [moment of listening] */
import { createServer } from "node:net";

import { init } from "klaw-runtime";

import { openReceiver, openSender } from "../helpers/internal.ts";

const [address, inbox, outbox, listens] = process.argv.slice(2);
await using runtime = await init({ address: address! });
const rx = openReceiver<unknown>(Number(inbox));
const tx = openSender<unknown>(Number(outbox));
process.send!("ready");
if (listens === "listens") {
  // A watcher that starts in the very turn in which the loop goes to sleep.
  setImmediate(() => {
    createServer().listen(0, "127.0.0.1").unref();
  });
}
for await (const message of rx) await tx.send({ message, at: process.hrtime.bigint() });
void runtime;
process.disconnect();
