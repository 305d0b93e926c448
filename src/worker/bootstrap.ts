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
void serve();

async function serve(): Promise<void> {
  // All of the package, which the first definition asks for, before any is: a spare worker has the time, and a module that requires the
  // package must not find it half loaded.
  await import("../index.ts");
  openCalls(null);
  native.workerReady();
}
