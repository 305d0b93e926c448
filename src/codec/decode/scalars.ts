import { corrupt } from "../failure.ts";
import type { Reader } from "./reader.ts";

export function readInt8(reader: Reader): number {
  return reader.view.getInt8(reader.take(1));
}

export function readInt16(reader: Reader): number {
  return reader.view.getInt16(reader.take(2), true);
}

export function readInt32(reader: Reader): number {
  return reader.view.getInt32(reader.take(4), true);
}

export function readFloat64(reader: Reader): number {
  return reader.view.getFloat64(reader.take(8), true);
}

export function readBigInt64(reader: Reader): bigint {
  return reader.view.getBigInt64(reader.take(8), true);
}

/** A bigint as sign and magnitude, the highest byte first. */
export function readBigInt(reader: Reader): bigint {
  const head = reader.count();
  const byteLength = Math.floor(head / 2);
  if (byteLength === 0) throw corrupt("a bigint without bytes");
  const start = reader.take(byteLength);
  const magnitude = BigInt(`0x${reader.text.toString("hex", start, start + byteLength)}`);
  return head % 2 === 1 ? -magnitude : magnitude;
}
