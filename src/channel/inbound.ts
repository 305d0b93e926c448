import { ChannelClosedError, NotInitializedError } from "../errors/index.ts";
import { waitingReceivers, type WaitingReceiver } from "../loop.ts";
import { asKlawError, native } from "../native/index.ts";
import type { ChannelEnd, EndHandle } from "./ends.ts";
import { Fifo } from "./fifo.ts";
import { NOTHING, takeMany, takeOne, type Message } from "./messages.ts";
import { watchWait, type WaitOptions } from "./wait.ts";

/** Somebody who waits for messages. */
interface Want {
  /** Takes what there is, and settles: false if there is nothing. */
  readonly serve: () => boolean;
  readonly reject: (reason: unknown) => void;
  watch: Disposable | undefined;
  /** Served, or given up; it stays in the queue until it is at the front. */
  done: boolean;
}

/** The messages of one receiver, and who waits for them, in order. */
export class Inbound implements WaitingReceiver {
  /** Whoever waits keeps the receiver alive: collected, it would be closed under him. */
  readonly #owner: ChannelEnd;
  readonly #wants = new Fifo<Want>();
  #waiting = 0;
  /** Messages that came with one that could not be read, from that one on: they are next. */
  #left: Message[] = [];

  constructor(owner: ChannelEnd) {
    this.#owner = owner;
  }

  one(options: WaitOptions | undefined): Promise<unknown> {
    if (this.#waiting === 0) {
      const value = this.#one(native.take);
      if (value !== NOTHING) return Promise.resolve(value);
    }
    return new Promise((resolve, reject) => {
      const serve = (): boolean => {
        const value = this.#one(native.take);
        if (value !== NOTHING) resolve(value);
        return value !== NOTHING;
      };
      this.#wait(serve, reject, options);
    });
  }

  /** As `one`, for loops over the messages: `done` once the channel is closed, or this thread has left its session. */
  next(): Promise<IteratorResult<unknown, void>> {
    try {
      const value = this.#waiting === 0 ? this.#one(native.take) : NOTHING;
      if (value !== NOTHING) return Promise.resolve({ value, done: false });
    } catch (error) {
      return this.#isEnd(error) ? Promise.resolve({ value: undefined, done: true }) : Promise.reject(error);
    }
    return this.one(undefined).then(
      (value) => ({ value, done: false }),
      (error: unknown) => {
        if (this.#isEnd(error) || error instanceof NotInitializedError)
          return { value: undefined, done: true };
        throw error;
      },
    );
  }

  tryOne(): { value: unknown } | undefined {
    // Whoever waits was first.
    const value = this.#waiting === 0 ? this.#one(native.takeNow) : NOTHING;
    return value === NOTHING ? undefined : { value };
  }

  many(max: number, options: WaitOptions | undefined): Promise<unknown[]> {
    try {
      const values = this.#waiting === 0 ? this.#many(max) : [];
      if (values.length > 0) return Promise.resolve(values);
    } catch (error) {
      return this.#isEnd(error) ? Promise.resolve([]) : Promise.reject(error);
    }
    return new Promise((resolve, reject) => {
      const serve = (): boolean => {
        const values = this.#many(max);
        if (values.length > 0) resolve(values);
        return values.length > 0;
      };
      const end = (reason: unknown): void => (this.#isEnd(reason) ? resolve([]) : reject(reason));
      this.#wait(serve, end, options);
    });
  }

  /** Serves those who wait, until there is nothing left. */
  ready(): void {
    for (let want = this.#front(); want !== undefined; want = this.#front()) {
      try {
        if (!want.serve()) {
          // It may have been closed in there, by user code.
          if (!want.done) native.wait(this.#end.open);
          return;
        }
        this.#settled(want);
      } catch (error) {
        this.#settled(want);
        want.reject(error);
      }
    }
  }

  /** The receiver was closed here. */
  closed(): void {
    this.ended(new ChannelClosedError("this receiver was closed here, while somebody waited for it"));
  }

  ended(error: Error): void {
    for (let want = this.#front(); want !== undefined; want = this.#front()) {
      this.#settled(want);
      want.reject(error);
    }
  }

  get #end(): EndHandle {
    return this.#owner.end;
  }

  /** True if it says that every sender is gone, and not that this receiver is. */
  #isEnd(error: unknown): boolean {
    return error instanceof ChannelClosedError && !this.#end.closed;
  }

  #one(take: (receiver: number, max: number) => number): unknown {
    if (this.#left.length > 0) return this.#leftOver();
    try {
      return takeOne(take, this.#end.open);
    } catch (error) {
      throw asKlawError(error);
    }
  }

  #many(max: number): unknown[] {
    if (this.#left.length > 0) {
      const values = [this.#leftOver()];
      while (values.length < max && this.#left[0] !== undefined && "value" in this.#left[0]) {
        values.push(this.#leftOver());
      }
      return values;
    }
    try {
      const taken = takeMany(this.#end.open, max);
      if (taken === undefined) return [];
      this.#left.push(...taken.rest);
      return taken.values.length > 0 ? taken.values : [this.#leftOver()];
    } catch (error) {
      throw asKlawError(error);
    }
  }

  #leftOver(): unknown {
    const message = this.#left.shift()!;
    if ("error" in message) throw message.error;
    return message.value;
  }

  #wait(serve: () => boolean, reject: (reason: unknown) => void, options: WaitOptions | undefined): void {
    const want: Want = { serve, reject, watch: undefined, done: false };
    if (this.#waiting === 0) native.wait(this.#end.open);
    want.watch = watchWait(options, "message", (reason) => {
      this.#settled(want);
      // It may have been rung for a message that nobody takes here now.
      if (this.#waiting === 0) native.stopWaiting(this.#end.number);
      reject(reason);
    });
    this.#wants.push(want);
    this.#waiting++;
    waitingReceivers.set(this.#end.number, this);
  }

  #settled(want: Want): void {
    if (want.done) return;
    want.done = true;
    want.watch?.[Symbol.dispose]();
    this.#waiting--;
    if (this.#waiting === 0) waitingReceivers.delete(this.#end.number);
  }

  #front(): Want | undefined {
    while (this.#wants.first?.done === true) this.#wants.shift();
    return this.#wants.first;
  }
}
