/**
 * Channels by number: how a process gets its first ends, before it has any over which others could come.
 *
 * @module
 */
import { InvalidArgumentError } from "../errors/index.ts";
import { RECEIVER_END, SENDER_END, asKlawError, native } from "../native/index.ts";
import { ChannelEnd, type EndKind } from "./ends.ts";
import { ReceivingEnd } from "./receiver.ts";
import { SendingEnd } from "./sender.ts";
import type { Receiver, Sender } from "./types.ts";

/** The number of an end's channel in its session. */
export function channelId(of: Sender<never> | Receiver<unknown>): number {
  if (!(of instanceof ChannelEnd)) throw new InvalidArgumentError("channelId was given no channel end");
  return native.channelId(of.end.kind, of.end.open);
}

/** One more sender of a channel. */
export function openSender<T>(channel: number): Sender<T> {
  return new SendingEnd<T>(openEnd(SENDER_END, channel));
}

/** One more receiver of a channel. */
export function openReceiver<T>(channel: number): Receiver<T> {
  return new ReceivingEnd<T>(openEnd(RECEIVER_END, channel));
}

function openEnd(kind: EndKind, channel: number): number {
  try {
    return native.openEnd(kind, channel);
  } catch (error) {
    throw asKlawError(error);
  }
}
