import type { ReadableStream } from "node:stream/web";

import { registerReference } from "../codec/index.ts";
import { InvalidArgumentError } from "../errors/index.ts";
import { BATCH } from "../loop.ts";
import { RECEIVER_END } from "../native/index.ts";
import { ChannelEnd } from "./ends.ts";
import { Inbound } from "./inbound.ts";
import { readableOf } from "./streams.ts";
import type { Receiver } from "./types.ts";
import { checkWait, type WaitOptions } from "./wait.ts";

/** The receiving end of this thread. */
export class ReceivingEnd<out T> extends ChannelEnd implements Receiver<T> {
  readonly #inbound: Inbound;

  constructor(handle: number | undefined) {
    super(RECEIVER_END, handle);
    this.#inbound = new Inbound(this);
  }

  recv(options?: WaitOptions): Promise<T> {
    try {
      checkWait(options);
      return this.#inbound.one(options) as Promise<T>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  tryRecv(): { value: T } | undefined {
    return this.#inbound.tryOne() as { value: T } | undefined;
  }

  recvMany(max: number, options?: WaitOptions): Promise<T[]> {
    try {
      checkWait(options);
      if (!(max >= 1)) throw new InvalidArgumentError(`max is ${max}, expected 1 or more messages`);
      return this.#inbound.many(Math.min(max, BATCH), options) as Promise<T[]>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  [Symbol.asyncIterator](): AsyncIterator<T, void, void> {
    return { next: () => this.#inbound.next() as Promise<IteratorResult<T, void>> };
  }

  readable(): ReadableStream<T> {
    return readableOf(this, () => this.close());
  }

  close(): void {
    if (this.end.close()) this.#inbound.closed();
  }
}

registerReference(ReceivingEnd);
