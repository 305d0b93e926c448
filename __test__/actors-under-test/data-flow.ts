import { setTimeout as delay } from "node:timers/promises";

import { actor, move, runtimeContext, task, type Sender } from "klaw-runtime";

export const add = task(function add(a: number, b: number): number {
  return a + b;
});

export const fail = task(function fail(message: string): number {
  throw Object.assign(new RangeError(message), { extra: 1 });
});

/** Gives `value` after a while, unless it is cancelled. */
export const later = task(async function later<T>(ms: number, value: T): Promise<T> {
  return delay(ms, value, { signal: runtimeContext().signal });
});

export const filled = task(function filled(bytes: number): Uint8Array {
  return new Uint8Array(bytes).fill(7);
});

export const describe = task(function describe(data: Uint8Array, more: number): string {
  return `${data.constructor.name} ${data.length} ${data[5]} ${more}`;
});

/** Sends into the channel, and hands the end back. */
export const pass = task(async function pass(tx: Sender<number>, n: number): Promise<Sender<number>> {
  await tx.send(n);
  return move(tx);
});

export const squares = task(async function* squares(n: number): AsyncGenerator<number, void, void> {
  for (let i = 1; i <= n; i++) yield i * i;
});

/** Counts, and remembers how it ended. */
export class Source {
  #ended: string[] = [];
  #given = 0;

  async *count(to: number): AsyncGenerator<number, void, void> {
    try {
      for (let n = 0; n < to; n++) {
        this.#given = n + 1;
        yield n;
      }
    } finally {
      this.#ended.push(`count to ${to}`);
    }
  }

  *words(text: string): Generator<string, void, void> {
    yield* text.split(" ");
    throw new TypeError("no more words");
  }

  notDeclared(): unknown {
    return this.count(3);
  }

  given(): number {
    return this.#given;
  }

  ended(): string[] {
    return this.#ended;
  }
}
export const Sources = actor(Source);
