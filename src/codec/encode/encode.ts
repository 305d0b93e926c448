import { publicError, threw } from "../failure.ts";
import type { Staging } from "../staging.ts";
import { placeDeferred } from "./out-of-band.ts";
import { writeValue } from "./value.ts";

/**
 * Writes `value` into `staging` at its `position`, and moves that behind it. The live objects that travel by reference
 * are in `staging.refs` afterwards, in the order of the ordinals in the payload.
 *
 * Getters and encode functions of registered classes run in here. They may run twice: if several values lie in one
 * ArrayBuffer, that is found out on the way, and the message is written anew.
 *
 * @param rootName - what the value is called in errors: `"value"` by default.
 * @returns where the payload ends.
 * @throws SerializationError if a part of the value cannot travel; `path` says which. Nothing was written then.
 * @throws ValueTooLargeError if it has more bytes than the staging's limit.
 *
 * @example
 * ```ts
 * const staging = new Staging(new Uint8Array(4096));
 * const end = encode({ id: 7n, at: new Date(0) }, staging);
 * decode(staging.bytes, 0, end); // { id: 7n, at: new Date(0) }
 * ```
 */
export function encode(value: unknown, staging: Staging, rootName: string = "value"): number {
  staging.begin();
  let written = false;
  try {
    writeValue(staging, value);
    if (staging.sharedBuffers.wereFound) {
      staging.restart();
      writeValue(staging, value);
    }
    if (staging.pending.length > 0) placeDeferred(staging);
    staging.checkLimit();
    written = true;
    return staging.position;
  } catch (error) {
    throw publicError(error, rootName, "send", (thrown) => threw("looking at the value", thrown));
  } finally {
    staging.finish(written);
  }
}
