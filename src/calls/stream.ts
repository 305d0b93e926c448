/**
 * Calls that stream: their items come over a channel, and the call's own reply is their end.
 *
 * @module
 */
import type { ReadableStream } from "node:stream/web";

import { channel, move, type Receiver } from "../channel/index.ts";
import { readableOf } from "../channel/streams.ts";
import { checkWait, watchWait } from "../channel/wait.ts";
import { GetTimeoutError, TaskCancelledError } from "../errors/index.ts";
import { asKlawError } from "../native/index.ts";
import type { Stream } from "../objects/types.ts";
import { giveUp, promiseOf } from "./pending.ts";
import { submit, type Calling } from "./submit.ts";

/** Items that may be ahead of their reader. */
const BUFFER = 16;

/** Calls, and gives what it yields. The channel is the last argument: the worker takes it off. */
export function stream(calling: Calling, args: readonly unknown[]): Stream<unknown> {
  try {
    return startStream(calling, args);
  } catch (error) {
    return new FailedStream(error);
  }
}

/** The same; throws if nothing was submitted. */
export function startStream(calling: Calling, args: readonly unknown[]): Stream<unknown> {
  try {
    if (calling.wait !== undefined) checkWait(calling.wait);
    const [tx, rx] = channel<unknown>({ capacity: BUFFER });
    return new CallStream(submit(calling, [...args, move(tx)]), rx, calling);
  } catch (error) {
    throw asKlawError(error);
  }
}

const DONE: IteratorResult<unknown, void> = { value: undefined, done: true };

class CallStream implements Stream<unknown> {
  readonly #call: number;
  readonly #rx: Receiver<unknown>;
  readonly #items: AsyncIterator<unknown, void, void>;
  /** The call's own reply, which says how it ended. */
  readonly #end: Promise<unknown>;
  readonly #watch: Disposable | undefined;
  /** Why it was given up here. */
  #reason: { readonly error: unknown } | undefined;
  #isLeft = false;

  constructor(name: number, rx: Receiver<unknown>, { keeps, wait }: Calling) {
    this.#call = name;
    this.#rx = rx;
    this.#items = rx[Symbol.asyncIterator]();
    this.#end = promiseOf(name, keeps, undefined);
    // Who reads to the end hears of it; who does not has nothing to hear.
    this.#end.catch(() => {});
    this.#watch = watchWait(wait, "end", (reason) => this.#giveUp(reason), timedOut);
  }

  async next(): Promise<IteratorResult<unknown, void>> {
    if (this.#isLeft) return DONE;
    try {
      const item = await this.#items.next();
      if (item.done !== true) return item;
      // Every sender is gone, so that it has returned, or thrown, or died: its reply is on its way.
      if (this.#reason === undefined) await this.#end;
    } catch (error) {
      this.#settled();
      throw this.#reason === undefined ? error : this.#reason.error;
    }
    this.#settled();
    if (this.#reason !== undefined) throw this.#reason.error;
    return DONE;
  }

  async return(): Promise<IteratorResult<unknown, void>> {
    this.#isLeft = true;
    this.#rx.close();
    giveUp(this.#call, new TaskCancelledError("the stream was left before its end"));
    this.#settled();
    return DONE;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  readable(): ReadableStream<unknown> {
    return readableOf(this, () => this.return());
  }

  #giveUp(error: unknown): void {
    this.#reason = { error };
    this.#rx.close();
    giveUp(this.#call, error);
  }

  #settled(): void {
    this.#watch?.[Symbol.dispose]();
  }
}

/** A call that was not submitted: whoever iterates hears why. */
class FailedStream implements Stream<unknown> {
  readonly #error: unknown;

  constructor(error: unknown) {
    this.#error = error;
  }

  next(): Promise<IteratorResult<unknown, void>> {
    return Promise.reject(this.#error);
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  readable(): ReadableStream<unknown> {
    return readableOf(this, () => {});
  }
}

function timedOut(timeoutMs: number): Error {
  return new GetTimeoutError(`the stream did not end in ${timeoutMs} ms; raise timeoutMs, or leave it out`);
}
