/**
 * What senders and receivers have in common: a handle of the addon, closed by the user or with the object.
 *
 * @module
 */
import { inspect } from "node:util";

import { ChannelClosedError } from "../errors/index.ts";
import { currentSession } from "../loop.ts";
import { RECEIVER_END, SENDER_END, native } from "../native/index.ts";

/** A kind of end, as the addon counts them. */
export type EndKind = typeof SENDER_END | typeof RECEIVER_END;

interface Held {
  readonly kind: EndKind;
  readonly handle: number;
  readonly session: object | undefined;
}

/** An end whose object nobody has any more is closed: a channel lives as long as somebody can use it. */
const collected = new FinalizationRegistry<Held>(({ kind, handle, session }) => {
  if (session === currentSession()) native.closeEnd(kind, handle);
});

/** The handle of an end of this thread. */
export class EndHandle {
  readonly kind: EndKind;
  readonly #handle: number;
  /** Handles of a session that this thread has left could name ends of the next one. */
  readonly #session: object | undefined;
  #closed: boolean;

  /** `owner` is the object that users have. A `handle` of `undefined` was closed before it came here. */
  constructor(kind: EndKind, handle: number | undefined, owner: object) {
    this.kind = kind;
    this.#handle = handle ?? 0;
    this.#closed = handle === undefined;
    this.#session = currentSession();
    if (handle !== undefined) {
      collected.register(owner, { kind, handle, session: this.#session }, this);
    }
  }

  /** True if its user closed it, or this thread has left its session. */
  get closed(): boolean {
    return this.#closed || this.#session !== currentSession();
  }

  /** The handle, of a closed end as well. */
  get number(): number {
    return this.#handle;
  }

  /** The handle; throws if the end is closed. */
  get open(): number {
    if (this.closed) throw new ChannelClosedError(CLOSED_HERE[this.kind]);
    return this.#handle;
  }

  /** False if it was closed before. */
  close(): boolean {
    if (this.closed) return false;
    this.#closed = true;
    collected.unregister(this);
    return native.closeEnd(this.kind, this.#handle);
  }
}

const CLOSED_HERE: Record<EndKind, string> = {
  [SENDER_END]:
    "this sender was closed here (close, move, or the end of its session); share it instead of moving it, or make a channel",
  [RECEIVER_END]:
    "this receiver was closed here (close, move, or the end of its session); share it instead of moving it, or make a channel",
};

/** What senders and receivers are to those who send them along. */
export abstract class ChannelEnd implements Disposable {
  readonly end: EndHandle;

  constructor(kind: EndKind, handle: number | undefined) {
    this.end = new EndHandle(kind, handle, this);
  }

  abstract close(): void;

  [Symbol.dispose](): void {
    this.close();
  }
}

// How `console.log` shows them.
Object.defineProperty(ChannelEnd.prototype, inspect.custom, {
  value(this: ChannelEnd): string {
    return `${this.end.kind === SENDER_END ? "Sender" : "Receiver"} (${this.end.closed ? "closed" : "open"})`;
  },
});
