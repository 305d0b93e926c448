import { corrupt } from "../failure.ts";
import { FIX_LATIN1, FIX_LATIN1_MAX_LENGTH, LATIN1, UTF16, UTF8 } from "../tags.ts";
import type { Reader } from "./reader.ts";

/** Up to this length a loop beats the call into native code. */
const LOOPED_LENGTH = 24;

const fromUnits = String.fromCharCode;

/** `length` bytes, a code unit each. */
export function readLatin1(reader: Reader, length: number): string {
  const start = reader.take(length);
  if (length <= LOOPED_LENGTH) return shortLatin1(reader.bytes, start, start + length);
  return reader.text.toString("latin1", start, start + length);
}

/** A string whose tag has been read. */
export function readTaggedText(reader: Reader, tag: number): string {
  if (tag >= FIX_LATIN1 && tag <= FIX_LATIN1 + FIX_LATIN1_MAX_LENGTH)
    return readLatin1(reader, tag - FIX_LATIN1);
  const byteLength = reader.count();
  switch (tag) {
    case LATIN1:
      return readLatin1(reader, byteLength);
    case UTF8:
      return decodeText(reader, "utf8", byteLength);
    case UTF16:
      if (byteLength % 2 !== 0) throw corrupt("half a code unit");
      return decodeText(reader, "utf16le", byteLength);
    default:
      throw corrupt(`tag ${tag} where a string was expected`);
  }
}

/** A string with its tag. */
export function readText(reader: Reader): string {
  return readTaggedText(reader, reader.byte());
}

function decodeText(reader: Reader, encoding: "utf8" | "utf16le", byteLength: number): string {
  const start = reader.take(byteLength);
  return reader.text.toString(encoding, start, start + byteLength);
}

function shortLatin1(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  let at = start;
  for (; at + 8 <= end; at += 8) text += eight(bytes, at);
  if (at + 4 <= end) {
    text += fromUnits(bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!);
    at += 4;
  }
  if (at + 2 <= end) {
    text += fromUnits(bytes[at]!, bytes[at + 1]!);
    at += 2;
  }
  return at < end ? text + fromUnits(bytes[at]!) : text;
}

// One call for many units costs little more than a call for one.
function eight(bytes: Uint8Array, at: number): string {
  return fromUnits(
    bytes[at]!,
    bytes[at + 1]!,
    bytes[at + 2]!,
    bytes[at + 3]!,
    bytes[at + 4]!,
    bytes[at + 5]!,
    bytes[at + 6]!,
    bytes[at + 7]!,
  );
}
