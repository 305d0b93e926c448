/**
 * A stream whose items are references.
 *
 * @module
 */
import { encode } from "../codec/index.ts";
import { Sharing } from "../channel/sharing.ts";
import { acquireStaging, releaseStaging } from "../loop.ts";
import { native } from "../native/index.ts";
import type { ObjectRef, ObjectRefGenerator } from "../objects/types.ts";
import { Ref } from "./ref.ts";
import { startStream } from "./stream.ts";
import type { Calling } from "./submit.ts";

/** Calls, and gives references to what it yields; an error of the call is one last one that rejects. Throws if nothing was submitted. */
export function streamRefs(calling: Calling, args: readonly unknown[]): ObjectRefGenerator<unknown> {
  const items = startStream(calling, args);
  return {
    async *[Symbol.asyncIterator](): AsyncGenerator<ObjectRef<unknown>, void, void> {
      try {
        for await (const item of items) yield put(item, false);
      } catch (error) {
        yield put(error, true);
      }
    },
    async cancel(): Promise<void> {
      await items.return!();
    },
  };
}

/** An object of this thread's making. */
function put(value: unknown, isError: boolean): ObjectRef<unknown> {
  const staging = acquireStaging();
  try {
    const end = encode(value, staging, "item");
    const sharing = new Sharing(staging.refs);
    const number = native.put(end, sharing.pairs, isError);
    sharing.sent();
    return new Ref(number) as unknown as ObjectRef<unknown>;
  } finally {
    releaseStaging();
  }
}
