import { actor } from "klaw-runtime";

/** Counts, one call at a time. */
export class Counter {
  #count: number;

  constructor(start = 0) {
    this.#count = start;
  }

  inc(by = 1): number {
    return (this.#count += by);
  }

  pid(): number {
    return process.pid;
  }
}

export const Counters = actor(Counter);
