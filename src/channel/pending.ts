import { waitingSenders, type WaitingSender } from "../loop.ts";
import { native } from "../native/index.ts";
import { Fifo } from "./fifo.ts";
import { watchWait, type WaitOptions } from "./wait.ts";

/** Messages of one call that wait for room in the addon. */
interface Pending {
  /** That of the last. */
  readonly ticket: number;
  /** How many still wait. Those that were taken back stay in the queue with none, until they are at its front. */
  count: number;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
  watch: Disposable | undefined;
}

/** The promises of one sender's messages that wait for room, in the order of the addon's queue. */
export class PendingSends implements WaitingSender {
  readonly #handle: number;
  readonly #queue = new Fifo<Pending>();

  constructor(handle: number) {
    this.#handle = handle;
  }

  /** Settles when the message with this ticket, and those before it, `count` together, are sent, or never will be. */
  wait(ticket: number, count: number, options: WaitOptions | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const pending: Pending = { ticket, count, resolve, reject, watch: undefined };
      this.#queue.push(pending);
      waitingSenders.set(this.#handle, this);
      pending.watch = watchWait(options, "room in the channel", (reason) => this.#giveUp(pending, reason));
    });
  }

  sent(count: number): void {
    let left = count;
    for (let first = this.#front(); left > 0 && first !== undefined; first = this.#front()) {
      const now = Math.min(left, first.count);
      left -= now;
      first.count -= now;
      if (first.count === 0) first.resolve();
    }
  }

  failed(count: number, error: unknown): void {
    this.#front()?.reject(error);
    this.sent(count);
    this.#front();
  }

  ended(error: Error): void {
    for (let first = this.#front(); first !== undefined; first = this.#front()) {
      first.count = 0;
      first.reject(error);
    }
  }

  /** The first that waits; those before it are done with. */
  #front(): Pending | undefined {
    let first = this.#queue.first;
    while (first !== undefined && first.count === 0) {
      first.watch?.[Symbol.dispose]();
      this.#queue.shift();
      first = this.#queue.first;
    }
    if (first === undefined) waitingSenders.delete(this.#handle);
    return first;
  }

  #giveUp(pending: Pending, reason: unknown): void {
    const cancelled = native.cancelSend(this.#handle, pending.ticket, pending.count);
    // It was sent in this very moment, and the event that says so is on its way.
    if (cancelled === 0) return;
    pending.watch?.[Symbol.dispose]();
    pending.reject(reason);
    pending.count -= cancelled;
    this.#front();
  }
}
