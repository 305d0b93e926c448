import { KlawError, brandErrorClass, type KlawErrorOptions } from "./base.ts";

/**
 * The other side of a channel is gone, by close, by garbage collection or by death. Receivers have got everything that
 * was sent before.
 */
export class ChannelClosedError extends KlawError {
  constructor(
    message = "the channel is closed: its other side is gone; make a new channel to go on",
    options?: KlawErrorOptions,
  ) {
    super("ERR_KLAW_CHANNEL_CLOSED", message, options);
  }
}

/** The channel had no room, and its `overflow` option says to fail rather than to wait. Nothing was sent. */
export class ChannelFullError extends KlawError {
  constructor(
    message = "the channel is full; wait for a receiver (send), or raise capacity or maxBytes",
    options?: KlawErrorOptions,
  ) {
    super("ERR_KLAW_CHANNEL_FULL", message, options);
  }
}

/** The `timeoutMs` of a `send` or `recv` is over. Nothing was sent, nothing was taken. */
export class ChannelTimeoutError extends KlawError {
  constructor(
    message = "the time for waiting on the channel is over; raise timeoutMs, or leave it out",
    options?: KlawErrorOptions,
  ) {
    super("ERR_KLAW_TIMEOUT", message, options);
  }
}

for (const errorClass of [ChannelClosedError, ChannelFullError, ChannelTimeoutError]) {
  brandErrorClass(errorClass);
}
