/** Answers jobs one by one, until there are no more: squares.mjs address jobs results */
import { init } from "klaw-runtime";

import { openReceiver, openSender } from "../../dist/channel/address.js";

const [address, jobs, results] = process.argv.slice(2);
const runtime = await init({ address });
const rx = openReceiver(Number(jobs));
const tx = openSender(Number(results));
process.send("ready");
for await (const n of rx) await tx.send({ n, square: n * n });
await runtime.shutdown();
process.disconnect();
