import { SENDER_END } from "../native/index.ts";
import { ReceivingEnd } from "./receiver.ts";
import { SendingEnd } from "./sender.ts";

/** Instead of a handle: the end's side was closed on the way. */
const CLOSED_ON_THE_WAY = 0xffff_ffff;

/** The ends that came with a message: `count` of those in `pairs`, which holds kinds and handles, from the `first` on. */
export function arrivedEnds(pairs: readonly number[], first: number, count: number): object[] {
  const ends: object[] = [];
  for (let at = 2 * first; at < 2 * (first + count); at += 2) {
    const handle = pairs[at + 1] === CLOSED_ON_THE_WAY ? undefined : pairs[at + 1];
    ends.push(pairs[at] === SENDER_END ? new SendingEnd(handle) : new ReceivingEnd(handle));
  }
  return ends;
}
