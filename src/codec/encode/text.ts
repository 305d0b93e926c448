import type { Staging } from "../staging.ts";
import { FIX_LATIN1, FIX_LATIN1_MAX_LENGTH, LATIN1, UTF16, UTF8 } from "../tags.ts";
import { writeCounted } from "./scalars.ts";

/** Up to this length a loop beats the call into native code. */
const LOOPED_LENGTH = 24;

/** Writes a string, lone surrogates included. */
export function writeString(staging: Staging, value: string): void {
  if (value.length > LOOPED_LENGTH || !writeShortLatin1(staging, value)) writeLong(staging, value);
}

/** Writes a string of code units below 0x100; says no, and writes nothing, if it has others. */
function writeShortLatin1(staging: Staging, value: string): boolean {
  const { length } = value;
  staging.room(length + 1);
  const { bytes, position } = staging;
  for (let i = 0; i < length; i++) {
    const unit = value.charCodeAt(i);
    if (unit > 0xff) return false;
    bytes[position + 1 + i] = unit;
  }
  bytes[position] = FIX_LATIN1 + length;
  staging.position = position + 1 + length;
  return true;
}

function writeLong(staging: Staging, value: string): void {
  const utf8Bytes = Buffer.byteLength(value);
  // Only ASCII has as many bytes as code units.
  if (utf8Bytes === value.length) writeAs(staging, LATIN1, value, utf8Bytes, "latin1");
  // A lone surrogate has no UTF-8 form.
  else if (value.isWellFormed()) writeAs(staging, UTF8, value, utf8Bytes, "utf8");
  else writeAs(staging, UTF16, value, value.length * 2, "utf16le");
}

function writeAs(
  staging: Staging,
  tag: number,
  value: string,
  byteLength: number,
  encoding: "latin1" | "utf8" | "utf16le",
): void {
  if (tag === LATIN1 && byteLength <= FIX_LATIN1_MAX_LENGTH) {
    staging.room(1);
    staging.bytes[staging.position++] = FIX_LATIN1 + byteLength;
  } else writeCounted(staging, tag, byteLength);
  staging.room(byteLength);
  staging.text.write(value, staging.position, byteLength, encoding);
  staging.position += byteLength;
}
