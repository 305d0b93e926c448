import { setTimeout as delay } from "node:timers/promises";

/** Against hangs. What is waited for takes milliseconds. */
const PATIENCE_MS = 20_000;

/** Resolves when `holds` says so; rejects with what it was when that takes too long. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not in ${PATIENCE_MS} ms: ${what}`);
    await delay(2);
  }
}
