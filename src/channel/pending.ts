import { waitingSenders, type WaitingSender } from "../loop.ts";
import { native } from "../native/index.ts";
import { watchWait, type WaitOptions } from "./wait.ts";

/** Messages that wait for room in the addon, and are waited for together. */
interface Pending {
  /** That of the last. */
  readonly ticket: number;
  /** How many still wait. */
  count: number;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
  watch: Disposable | undefined;
}

/** The promises of one sender's messages that wait for room, in the order of the addon's queue. */
export class PendingSends implements WaitingSender {
  readonly #handle: number;
  readonly #queue: Pending[] = [];

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
    for (let left = count; left > 0 && this.#queue.length > 0;) {
      const first = this.#queue[0]!;
      const now = Math.min(left, first.count);
      left -= now;
      first.count -= now;
      if (first.count === 0) this.#shift().resolve();
    }
  }

  failed(error: unknown): void {
    const first = this.#queue[0];
    if (first === undefined) return;
    first.reject(error);
    // Those behind it in the same call go no further. Some may have failed with it: their events absorb what is left.
    const cancelled = native.cancelSend(this.#handle, first.ticket, first.count - 1);
    first.count -= 1 + cancelled;
    if (first.count === 0) this.#shift();
  }

  ended(error: Error): void {
    while (this.#queue.length > 0) this.#shift().reject(error);
  }

  #shift(): Pending {
    const first = this.#queue.shift()!;
    first.watch?.[Symbol.dispose]();
    if (this.#queue.length === 0) waitingSenders.delete(this.#handle);
    return first;
  }

  #giveUp(pending: Pending, reason: unknown): void {
    const cancelled = native.cancelSend(this.#handle, pending.ticket, pending.count);
    // It was sent in this very moment, and the event that says so is on its way.
    if (cancelled === 0) return;
    pending.reject(reason);
    pending.watch?.[Symbol.dispose]();
    pending.count -= cancelled;
    if (pending.count > 0) return;
    this.#queue.splice(this.#queue.indexOf(pending), 1);
    if (this.#queue.length === 0) waitingSenders.delete(this.#handle);
  }
}
