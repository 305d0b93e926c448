/**
 * The messages that the last native take has put into the inbox.
 *
 * @module
 */
import { Batch, decode } from "../codec/index.ts";
import { inbox, table } from "../loop.ts";
import { MESSAGE_WORDS, OVERSIZE, native } from "../native/index.ts";
import { arrivedEnds } from "./arrived.ts";

const NO_ENDS: readonly object[] = [];

/** The only message of the last take. */
export function readOne(): unknown {
  const [start, end, ends] = [table[0]!, table[1]!, table[3]!];
  const refs = ends === 0 ? NO_ENDS : arrivedEnds(native.arrived(), 0, ends);
  if (start === OVERSIZE) return readOversize(refs);
  return decode(inbox, start, end, refs, "message");
}

/**
 * The messages of the last take. One that can't be read throws when it is the first; else those before it are given out, and it
 * is given out as the error that it is.
 */
export function readMessages(count: number): unknown[] {
  const messages: unknown[] = Array(count);
  const last = table[(count - 1) * MESSAGE_WORDS + 1]!;
  const batch = new Batch(inbox, last === OVERSIZE ? inbox.length : last);
  let pairs: readonly number[] | undefined;
  let ends = 0;
  for (let n = 0; n < count; n++) {
    const at = n * MESSAGE_WORDS;
    const arrived = table[at + 3]!;
    let refs = NO_ENDS;
    if (arrived > 0) {
      pairs ??= native.arrived();
      refs = arrivedEnds(pairs, ends, arrived);
      ends += arrived;
    }
    const start = table[at]!;
    messages[n] =
      start === OVERSIZE ? readOversize(refs) : batch.decode(start, table[at + 1]!, refs, "message");
  }
  return messages;
}

function readOversize(refs: readonly object[]): unknown {
  const bytes = native.oversize()!;
  return new Batch(bytes, bytes.length, "kept").decode(0, bytes.length, refs, "message");
}
