/**
 * Ctrl-C: the first lets what runs come to its end, the second is the system's own.
 *
 * @module
 */
import { isMainThread } from "node:worker_threads";

/** As shells count a process that SIGINT has ended. */
const EXIT_CODE = 130;

let drain: (() => Promise<void>) | undefined;

/** What to do first when somebody interrupts the program; nothing, from `undefined` on. */
export function onInterrupt(wanted: (() => Promise<void>) | undefined): void {
  // Signals come to the main thread alone.
  if (!isMainThread) return;
  drain = wanted;
  process.off("SIGINT", interrupted);
  if (wanted !== undefined) process.on("SIGINT", interrupted);
}

function interrupted(): void {
  const wanted = drain;
  // From now on nobody listens here, so that the next one ends the process.
  onInterrupt(undefined);
  // A program that listens itself has plans of its own.
  if (process.listenerCount("SIGINT") > 0 || wanted === undefined) return;
  wanted().then(
    () => process.exit(EXIT_CODE),
    () => process.exit(EXIT_CODE),
  );
}
