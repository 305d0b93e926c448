import { inspect } from "node:util";

import { actor, channel, type ActorHandle, type Receiver, type Sender } from "klaw-runtime";

import type { Counter } from "./counter.ts";
import type { Gate } from "./gate.ts";
import type { Log } from "./log.ts";

/** Gives back what it is given, and keeps things. */
export class Mirror {
  #kept: unknown;

  constructor(kept?: unknown) {
    this.#kept = kept;
  }

  same<T>(value: T): T {
    return value;
  }

  /** How a value looks here. */
  shown(value: unknown): string {
    return inspect(value, { depth: 10, sorted: true });
  }

  count(...args: readonly unknown[]): number {
    return args.length;
  }

  keep(value: unknown): void {
    this.#kept = value;
  }

  kept(): unknown {
    return this.#kept;
  }

  bytes(size: number): Uint8Array {
    return new Uint8Array(size).fill(7);
  }

  size(bytes: Uint8Array): number {
    return bytes.byteLength;
  }

  /** Things that can't leave. */
  strange(what: "function" | "deep" | "promise in a list"): unknown {
    if (what === "function") return () => 1;
    if (what === "deep") return { items: [0, 1, { call: () => 1 }] };
    return [Promise.resolve(1)];
  }

  channel(): [Sender<number>, Receiver<number>] {
    return channel<number>();
  }

  async send(to: Sender<number>, count: number): Promise<void> {
    for (let n = 0; n < count; n++) await to.send(n);
    to.close();
  }

  async sum(from: Receiver<number>): Promise<number> {
    let sum = 0;
    for await (const n of from) sum += n;
    return sum;
  }

  inc(counter: ActorHandle<Counter>): Promise<number> {
    return counter.inc();
  }

  /** Calls without waiting in between. */
  async addAll(log: ActorHandle<Log>, from: number, count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, (_, n) => log.add({ from, n })));
  }

  openGate(gate: ActorHandle<Gate>): Promise<void> {
    return gate.open();
  }

  async forward(counters: Sender<ActorHandle<Counter>>, counter: ActorHandle<Counter>): Promise<void> {
    await counters.send(counter);
  }
}

export const Mirrors = actor(Mirror);
