/** A worker thread with a session of its own, or in that of `workerData.address`, that calls until it is ended. */
import { parentPort, workerData } from "node:worker_threads";

import { init } from "klaw-runtime";

import { Adders, double } from "../actors-under-test/plain.mjs";

const runtime = await init({ address: workerData.address, numCpus: 2 });
const adder = await Adders.create();
parentPort.postMessage({ sessionId: runtime.sessionId, sum: await adder.add(1), doubled: await double(21) });
if (workerData.ends) await runtime.shutdown();
else for (;;) await Promise.all([adder.add(1), adder.add(1), double(1)]);
