import type { Staging } from "../staging.ts";
import { BIGINT, BIGINT64, FIX_INT_MAX, FLOAT64, INT16, INT32, INT8 } from "../tags.ts";

/** Writes a value that is its tag alone. */
export function writeTag(staging: Staging, tag: number): void {
  staging.room(1);
  staging.bytes[staging.position++] = tag;
}

/** Writes `tag` and then `count`, an integer from 0 to 2^53 - 1. */
export function writeCounted(staging: Staging, tag: number, count: number): void {
  staging.room(9);
  staging.bytes[staging.position++] = tag;
  writeCount(staging, count);
}

/** Writes `count` in groups of 7 bits, the lowest first; at most 8 bytes. The caller has made room. */
export function writeCount(staging: Staging, count: number): void {
  const { bytes } = staging;
  let position = staging.position;
  let rest = count;
  while (rest > 0x7f) {
    bytes[position++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  bytes[position++] = rest;
  staging.position = position;
}

/** Writes a number in the shortest form that keeps it, -0 and NaN included. */
export function writeNumber(staging: Staging, value: number): void {
  staging.room(9);
  const { bytes, view, position } = staging;
  if ((value | 0) !== value || (value === 0 && 1 / value < 0)) {
    bytes[position] = FLOAT64;
    view.setFloat64(position + 1, value, true);
    staging.position = position + 9;
  } else if (value >= 0 && value <= FIX_INT_MAX) {
    bytes[position] = value;
    staging.position = position + 1;
  } else if (value >= -0x80 && value < 0x80) {
    bytes[position] = INT8;
    bytes[position + 1] = value;
    staging.position = position + 2;
  } else if (value >= -0x8000 && value < 0x8000) {
    bytes[position] = INT16;
    view.setInt16(position + 1, value, true);
    staging.position = position + 3;
  } else {
    bytes[position] = INT32;
    view.setInt32(position + 1, value, true);
    staging.position = position + 5;
  }
}

/** Writes a bigint of any size: 8 bytes if it fits, else its sign and its magnitude. */
export function writeBigInt(staging: Staging, value: bigint): void {
  if (BigInt.asIntN(64, value) === value) {
    staging.room(9);
    staging.bytes[staging.position] = BIGINT64;
    staging.view.setBigInt64(staging.position + 1, value, true);
    staging.position += 9;
    return;
  }
  const negative = value < 0n;
  // Only radixes that are powers of two are converted in linear time.
  const digits = (negative ? -value : value).toString(16);
  const hex = digits.length % 2 === 0 ? digits : `0${digits}`;
  const byteLength = hex.length / 2;
  writeCounted(staging, BIGINT, byteLength * 2 + (negative ? 1 : 0));
  staging.room(byteLength);
  staging.text.write(hex, staging.position, byteLength, "hex");
  staging.position += byteLength;
}
