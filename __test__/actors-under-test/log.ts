import { setTimeout as delay } from "node:timers/promises";

import { actor } from "klaw-runtime";

/** Keeps what it is told, in the order in which it is. */
export class Log {
  readonly #entries: unknown[] = [];
  #running = 0;
  #most = 0;
  #count = 0;

  add(entry: unknown): void {
    this.#entries.push(entry);
  }

  /** Adds it after a while. */
  async addLater(entry: unknown, afterMs = 1): Promise<void> {
    this.#running++;
    this.#most = Math.max(this.#most, this.#running);
    await delay(afterMs);
    this.#running--;
    this.#entries.push(entry);
  }

  all(): unknown[] {
    return this.#entries;
  }

  /** How many of `addLater` ran at the same time. */
  most(): number {
    return this.#most;
  }

  count(): number {
    return ++this.#count;
  }
}

/** Serial, although it has an async method. */
export const Logs = actor(Log, { maxConcurrency: 1 });
