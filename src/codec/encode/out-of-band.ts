import { refused } from "../failure.ts";
import { OUT_OF_BAND_ALIGNMENT } from "../limits.ts";
import type { Staging } from "../staging.ts";
import { alignedFrom } from "../views.ts";
import { intrinsicGetter, typedArrayPrototype } from "./intrinsics.ts";

const byteLengthOf = intrinsicGetter<number>(typedArrayPrototype, "byteLength");

/** Bytes that are to stand behind the structured part. */
export interface PendingBytes {
  readonly bytes: Uint8Array;
  readonly byteLength: number;
  /** Where in the payload's structured part their place is to be written. */
  readonly placeAt: number;
}

/** Puts `bytes` on the list, and leaves room for their place, in units of the alignment. */
export function deferBytes(staging: Staging, bytes: Uint8Array, byteLength: number): void {
  staging.room(4);
  staging.pending.push({ bytes, byteLength, placeAt: staging.position - staging.start });
  staging.view.setUint32(staging.position, 0, true);
  staging.position += 4;
}

/** Copies the bytes on the list behind the structured part, each to an aligned place, with zeros between. */
export function placeDeferred(staging: Staging): void {
  const { start, pending } = staging;
  let end = staging.position;
  for (const { byteLength } of pending) end = alignedFrom(start, end, OUT_OF_BAND_ALIGNMENT) + byteLength;
  staging.room(end - staging.position);
  for (const { bytes, byteLength, placeAt } of pending) {
    // A getter that ran in between may have detached or resized its buffer.
    if (byteLengthOf(bytes) !== byteLength)
      throw refused("the bytes of a view in it changed while it was written");
    const place = alignedFrom(start, staging.position, OUT_OF_BAND_ALIGNMENT);
    staging.bytes.fill(0, staging.position, place);
    staging.bytes.set(bytes, place);
    staging.view.setUint32(start + placeAt, (place - start) / OUT_OF_BAND_ALIGNMENT, true);
    staging.position = place + byteLength;
  }
}
