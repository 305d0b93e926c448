import { Staging, decode, encode } from "../../src/codec/index.ts";

const staging = new Staging(new Uint8Array(64));

/** Sends `value` to itself. */
export function roundTrip<T>(value: T): T {
  return decodeCopy(encoded(value), staging.refs) as T;
}

/** The payload of `value`, in bytes of its own. */
export function encoded(value: unknown): Uint8Array {
  staging.position = 0;
  const end = encode(value, staging);
  return staging.bytes.slice(0, end);
}

/** Reads a payload that has been copied to where nobody else is. */
export function decodeCopy(payload: Uint8Array, refs: readonly unknown[] = []): unknown {
  return decode(payload, 0, payload.length, refs);
}
