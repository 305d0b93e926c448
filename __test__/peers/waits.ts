/** Waits for a message as long as there may be one: waits.ts address inbox how-it-ends */
import { init } from "klaw-runtime";

import { openReceiver } from "../helpers/internal.ts";

const [address, inbox, ending] = process.argv.slice(2);
const runtime = await init({ address: address! });
const rx = openReceiver<unknown>(Number(inbox));
process.channel!.unref();
if (ending === "idle") {
  // Nobody waits: the ends alone keep no process alive.
  process.send!("ready");
} else if (ending === "exit") {
  process.send!("ready", () => process.exit(3));
  await rx.recv();
} else if (ending === "throw") {
  setImmediate(() => {
    throw new Error("on purpose");
  });
  await rx.recv();
} else {
  process.send!("ready");
  await rx.recv();
  process.send!("received");
}
void runtime;
