/**
 * Ends that go along in a message.
 *
 * @module
 */
import { registerReference } from "../codec/index.ts";
import { InvalidArgumentError, SerializationError } from "../errors/index.ts";
import { ChannelEnd } from "./ends.ts";
import type { Receiver, Sender } from "./types.ts";

/** An end that is handed over: it is closed here when the message that it is in was sent. */
class Moved {
  readonly end: ChannelEnd;

  constructor(end: ChannelEnd) {
    this.end = end;
  }
}

registerReference(Moved);

/**
 * Hands a channel end over: in a message, it opens there, and closes here when the message is sent. If the message is never
 * sent, because its wait for room has ended, say, the end stays here.
 *
 * Without `move` an end in a message is shared: both sides have one then.
 *
 * @example
 * ```ts
 * const [tx, rx] = channel<number>();
 * await mailbox.send({ answerTo: move(tx) });
 * for await (const answer of rx) console.log(answer); // ends when the other side closes its sender
 * ```
 */
export function move<E extends Sender<never> | Receiver<unknown>>(end: E): E {
  if (!(end instanceof ChannelEnd)) {
    throw new InvalidArgumentError("move was given no channel end; give it a sender or a receiver");
  }
  // It stands for the end in the message's type, and is nothing else.
  return new Moved(end) as unknown as E;
}

/** The ends that one message refers to. */
export class Sharing {
  /** Kind and handle of each, as the addon takes them. */
  readonly pairs: number[] = [];
  readonly #moved: ChannelEnd[] = [];

  constructor(refs: readonly object[]) {
    for (const ref of refs) {
      const { end } = this.#endOf(ref);
      this.pairs.push(end.kind, end.open);
    }
  }

  /** The message is sent: what was moved is closed here. */
  sent(): void {
    for (const end of this.#moved) end.close();
  }

  #endOf(ref: object): ChannelEnd {
    if (ref instanceof Moved) {
      this.#moved.push(ref.end);
      return ref.end;
    }
    if (ref instanceof ChannelEnd) return ref;
    throw new SerializationError(
      "a reference (ObjectRef) can't travel inside of a value: make it an argument of its own, or send what get() gives",
      "message",
    );
  }
}
