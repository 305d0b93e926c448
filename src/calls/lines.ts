/**
 * What workers write, shown where the driver's own output goes.
 *
 * @module
 */
import { LINE_ENTRY } from "../native/index.ts";
import { onEntry } from "./take.ts";

let isShown = true;

/** Whether workers' lines are shown. */
export function showLines(shown: boolean): void {
  isShown = shown;
}

onEntry(LINE_ENTRY, (line) => {
  if (!isShown) return;
  const { name: pid, words } = line;
  const text = Buffer.from(line.bytes()).toString();
  const end = text.indexOf("\0");
  const label = text.slice(0, end) || "worker";
  const to = words[0] === 0 ? process.stdout : process.stderr;
  to.write(`(${label} pid=${pid}) ${text.slice(end + 1)}\n`);
});
