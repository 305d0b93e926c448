/** Whatever runs here leaves a line in a file, by which tests count how often it ran. */
import { appendFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

import { actor, task } from "klaw-runtime";

function enter(file, line) {
  appendFileSync(file, `${line}\n`);
  return line;
}

export class Ledger {
  #file;

  constructor(file) {
    this.#file = file;
  }

  enter(line) {
    return enter(this.#file, line);
  }

  async enterSlowly(line) {
    await delay(Math.random() * 10);
    return enter(this.#file, line);
  }
}

export const Ledgers = actor(Ledger);

/** Calls of this one are one at a time. */
export class SerialLedger extends Ledger {}
export const SerialLedgers = actor(SerialLedger, { maxConcurrency: 1 });

export const entry = task(async function entry(file, line) {
  await delay(Math.random() * 10);
  return enter(file, line);
});

/** A task that calls an actor and a task. */
export const relay = task(async function relay(ledger, file, line) {
  const both = [ledger.enter(`${line}a`), entry.options({ maxRetries: 0 })(file, `${line}b`)];
  await Promise.all(both);
  return line;
});
