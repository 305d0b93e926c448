import { ChannelClosedError } from "../errors/index.ts";
import { waitingReceivers, type WaitingReceiver } from "../loop.ts";
import { asKlawError, native } from "../native/index.ts";
import type { EndHandle } from "./ends.ts";
import { readMessages, readOne } from "./messages.ts";
import { watchWait, type WaitOptions } from "./wait.ts";

/** Somebody who waits for messages. */
interface Want {
  /** How many, at most. */
  readonly max: number;
  /** Takes what there is, and settles: false if there is nothing. */
  readonly serve: (count: number) => void;
  readonly reject: (reason: unknown) => void;
  watch: Disposable | undefined;
}

/** The messages of one receiver, and who waits for them, in order. */
export class Inbound implements WaitingReceiver {
  readonly #end: EndHandle;
  readonly #wants: Want[] = [];

  constructor(end: EndHandle) {
    this.#end = end;
  }

  one(options: WaitOptions | undefined): Promise<unknown> {
    if (this.#wants.length === 0 && this.#take(1) === 1) return Promise.resolve(readOne());
    return new Promise((resolve, reject) => {
      this.#wait(1, () => resolve(readOne()), reject, options);
    });
  }

  /** As `one`, for loops over the messages: `done` once the channel is closed. */
  next(): Promise<IteratorResult<unknown, void>> {
    const ended = (error: unknown): IteratorResult<unknown, void> => {
      if (this.#isEnd(error)) return { value: undefined, done: true };
      throw error;
    };
    try {
      if (this.#wants.length === 0 && this.#take(1) === 1) {
        return Promise.resolve({ value: readOne(), done: false });
      }
    } catch (error) {
      return new Promise((resolve) => resolve(ended(error)));
    }
    return new Promise((resolve, reject) => {
      this.#wait(1, () => resolve({ value: readOne(), done: false }), reject, undefined);
    }).then((result) => result as IteratorResult<unknown, void>, ended);
  }

  tryOne(): { value: unknown } | undefined {
    // Whoever waits was first.
    if (this.#wants.length > 0) return undefined;
    try {
      if (native.takeNow(this.#end.open, 1) === 0) return undefined;
    } catch (error) {
      throw asKlawError(error);
    }
    return { value: readOne() };
  }

  many(max: number, options: WaitOptions | undefined): Promise<unknown[]> {
    if (this.#wants.length === 0) {
      const count = this.#takeUntilClosed(max);
      if (count === undefined) return Promise.resolve([]);
      if (count > 0) return Promise.resolve(readMessages(count));
    }
    return new Promise((resolve, reject) => {
      const end = (reason: unknown): void => {
        if (this.#isEnd(reason)) resolve([]);
        else reject(reason);
      };
      this.#wait(max, (count) => resolve(readMessages(count)), end, options);
    });
  }

  /** Serves those who wait, until there is nothing left. */
  ready(): void {
    while (this.#wants.length > 0) {
      const want = this.#wants[0]!;
      try {
        const count = this.#take(want.max);
        if (count === 0) {
          native.wait(this.#end.open, want.max);
          return;
        }
        // Off the list before anything of it can throw: the message is taken.
        this.#drop(want);
        want.serve(count);
      } catch (error) {
        this.#drop(want);
        want.reject(error);
      }
    }
    waitingReceivers.delete(this.#handle);
  }

  /** The receiver was closed here. */
  closed(): void {
    this.ended(new ChannelClosedError("this receiver was closed here, while somebody waited for it"));
  }

  ended(error: Error): void {
    waitingReceivers.delete(this.#handle);
    for (const want of this.#wants.splice(0)) {
      want.watch?.[Symbol.dispose]();
      want.reject(error);
    }
  }

  get #handle(): number {
    return this.#end.number;
  }

  #take(max: number): number {
    try {
      return native.take(this.#end.open, max);
    } catch (error) {
      throw asKlawError(error);
    }
  }

  /** True if it says that every sender is gone, and not that this receiver is. */
  #isEnd(error: unknown): boolean {
    return error instanceof ChannelClosedError && !this.#end.closed;
  }

  /** `undefined` once the channel is closed. */
  #takeUntilClosed(max: number): number | undefined {
    try {
      return this.#take(max);
    } catch (error) {
      if (this.#isEnd(error)) return undefined;
      throw error;
    }
  }

  #wait(
    max: number,
    serve: (count: number) => void,
    reject: (reason: unknown) => void,
    options: WaitOptions | undefined,
  ): void {
    const want: Want = { max, serve, reject, watch: undefined };
    if (this.#wants.push(want) === 1) {
      native.wait(this.#end.open, max);
      waitingReceivers.set(this.#handle, this);
    }
    want.watch = watchWait(options, "message", (reason) => {
      this.#drop(want);
      if (this.#wants.length === 0) {
        waitingReceivers.delete(this.#handle);
        native.stopWaiting(this.#handle);
      }
      reject(reason);
    });
  }

  #drop(want: Want): void {
    const at = this.#wants.indexOf(want);
    if (at >= 0) this.#wants.splice(at, 1);
    want.watch?.[Symbol.dispose]();
  }
}
