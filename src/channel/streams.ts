/**
 * Ends of channels as Web streams.
 *
 * @module
 */
import { ReadableStream, WritableStream } from "node:stream/web";

import type { Receiver, Sender } from "./types.ts";

/** What is written is sent; see `Sender.writable`. */
export function writableOf<T>(tx: Sender<T>): WritableStream<T> {
  return new WritableStream<T>({
    write: (value) => tx.send(value),
    close: () => tx.close(),
    abort: () => tx.close(),
  });
}

/** What is received can be read; see `Receiver.readable`. */
export function readableOf<T>(rx: Receiver<T>): ReadableStream<T> {
  const messages = rx[Symbol.asyncIterator]();
  return new ReadableStream<T>(
    {
      async pull(controller) {
        const { value, done } = await messages.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: () => rx.close(),
    },
    // What the stream holds, nobody else can receive.
    { highWaterMark: 0 },
  );
}
