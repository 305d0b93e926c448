import type { ReadableStream, WritableStream } from "node:stream/web";

import type { WaitOptions } from "./wait.ts";

/**
 * A sending end of a channel. Its messages arrive in their order; those of different senders mix.
 *
 * It is a plain value: sent in a message, it gives the receiving process one more sender of the channel; {@link move} hands it
 * over. The channel is closed for receivers when its last sender is gone, by `close`, by garbage collection or by the death
 * of its process, and they have got everything.
 */
export interface Sender<in T> extends Disposable {
  /**
   * Sends a message. Resolves when it is in the channel, which may have to wait for room; in a channel with
   * `overflow: "error"` it rejects instead of waiting.
   *
   * The value is taken as it is now: changing it afterwards changes nothing in the message. Without `await` messages keep their
   * order, and wait in memory; `await` is what makes a fast sender go at its receiver's pace.
   *
   * @throws ChannelClosedError if every receiver is gone, or this sender was closed.
   * @throws ChannelFullError if there is no room, with `overflow: "error"`.
   * @throws ChannelTimeoutError after `timeoutMs` without room; nothing was sent then.
   * @throws SerializationError if a part of the value can't travel; `path` says which.
   * @throws SchemaError if it does not fit the channel's schema.
   * @throws ValueTooLargeError if it could never fit: more than `maxBytes` of the channel, or than 16 MiB.
   */
  send(value: T, options?: WaitOptions): Promise<void>;

  /**
   * Sends a message if there is room now: false if there is none. Messages of this sender that wait go first.
   *
   * @throws as {@link Sender.send} rejects, except for want of room.
   */
  trySend(value: T): boolean;

  /**
   * Sends messages in their order, together as far as there is room. Resolves when the last is in the channel; if it rejects,
   * those before the one at fault are sent.
   */
  sendMany(values: Iterable<T>, options?: WaitOptions): Promise<void>;

  /** Closes this sender; messages that wait for room are sent first. Closing it again does nothing. */
  close(): void;

  /**
   * A Web stream that sends what is written to it: its writer waits for room. Closing it closes this sender, and so does aborting
   * it. For Node.js streams: `Writable.fromWeb(tx.writable())`.
   */
  writable(): WritableStream<T>;

  [Symbol.dispose](): void;
}

/**
 * A receiving end of a channel. With several of them, each message goes to one.
 *
 * It is a plain value: sent in a message, it gives the receiving process one more receiver of the channel; {@link move} hands it
 * over. When the last receiver is gone, by `close`, by garbage collection or by the death of its process, senders are told so,
 * and what nobody received is dropped.
 */
export interface Receiver<out T> extends AsyncIterable<T, void, void>, Disposable {
  /**
   * The next message; waits for one. Several that wait are served in their order.
   *
   * @throws ChannelClosedError once every sender is gone and everything was received, or if this receiver was closed.
   * @throws ChannelTimeoutError after `timeoutMs` without a message; nothing was taken then.
   * @throws SerializationError if the message can't be read here: a class in it is not registered. The message is taken.
   */
  recv(options?: WaitOptions): Promise<T>;

  /**
   * The next message if one is there, `undefined` if none is.
   *
   * @throws as {@link Receiver.recv} rejects.
   */
  tryRecv(): { value: T } | undefined;

  /**
   * The messages that are there, at most `max` of them, in one call; waits for the first. `[]` once every sender is gone and
   * everything was received.
   *
   * @param max - 1 or more; at most 1,024 come at once.
   */
  recvMany(max: number, options?: WaitOptions): Promise<T[]>;

  /** Messages until the channel is closed. Leaving the loop leaves the receiver open. */
  [Symbol.asyncIterator](): AsyncIterator<T, void, void>;

  /** Closes this receiver; whoever waits for it gets a {@link ChannelClosedError}. Closing it again does nothing. */
  close(): void;

  /**
   * A Web stream of the messages, which ends with the channel. It takes a message when one is wanted, and none ahead; cancelling
   * it closes this receiver. For Node.js streams: `Readable.fromWeb(rx.readable())`.
   */
  readable(): ReadableStream<T>;

  [Symbol.dispose](): void;
}
