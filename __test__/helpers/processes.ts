import { readFileSync, readdirSync } from "node:fs";

/** True while there is a process of this number that has not ended. */
export function isAlive(pid: number): boolean {
  try {
    // A zombie is dead. The state stands behind the name, which may be anything.
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** Processes whose environment has `text` in it: workers are known by the place of their session. */
export function processesWith(text: string): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid && environment(pid).includes(text) && isAlive(pid));
}

function environment(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch {
    return "";
  }
}
