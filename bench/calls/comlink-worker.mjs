import { parentPort } from "node:worker_threads";

import { expose } from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";

expose((a, b) => a + b, nodeEndpoint(parentPort));
