/**
 * Ends of channels as Web streams.
 *
 * @module
 */
import { ReadableStream, WritableStream } from "node:stream/web";

import type { Sender } from "./types.ts";

/** What is written is sent; see `Sender.writable`. */
export function writableOf<T>(tx: Sender<T>): WritableStream<T> {
  return new WritableStream<T>({
    write: (value) => tx.send(value),
    close: () => tx.close(),
    abort: () => tx.close(),
  });
}

/** What is received can be read; see `Receiver.readable`. `cancel`: nobody reads it any more. */
export function readableOf<T>(from: AsyncIterable<T, void, void>, cancel: () => unknown): ReadableStream<T> {
  const messages = from[Symbol.asyncIterator]();
  return new ReadableStream<T>(
    {
      async pull(controller) {
        const { value, done } = await messages.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await cancel();
      },
    },
    // What the stream holds, nobody else can receive.
    { highWaterMark: 0 },
  );
}
