/**
 * The program of a worker process.
 *
 * @module
 */
import { openCalls } from "../calls/take.ts";
import { openLoop } from "../loop.ts";
import { native } from "../native/index.ts";
import { serveActor } from "./construct.ts";
import { beWorker, workerOptions } from "./process.ts";
import { serveCalls } from "./run.ts";

const address = native.guard();
if (address === null) {
  console.error("this program is a part of klaw-runtime, which starts it by itself");
  process.exit(1);
}
const { argv, busyPollUs, namespace } = workerOptions();
process.argv = argv;
beWorker(openLoop(address, busyPollUs), namespace);
serveCalls();
serveActor();
openCalls(null);
native.workerReady();
// What the first definition will ask for: a spare worker has the time now.
void import("../index.ts");
