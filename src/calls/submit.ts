/**
 * Submitting calls.
 *
 * @module
 */
import { Sharing } from "../channel/sharing.ts";
import { checkWait, type WaitOptions } from "../channel/wait.ts";
import { encode } from "../codec/index.ts";
import { acquireStaging, releaseStaging } from "../loop.ts";
import { CALL_HEADER_BYTES, asKlawError, native } from "../native/index.ts";
import { promiseOf } from "./pending.ts";

/**
 * Calls, and gives the promise of the result.
 *
 * @param callee - what is called, and how: a number of the addon's.
 * @param method - which method of an actor; 0 for tasks.
 * @param keeps - is not collected before the call is settled.
 */
export function call(
  callee: () => number,
  method: number,
  args: readonly unknown[],
  keeps: object | undefined,
  options: WaitOptions | undefined,
): Promise<unknown> {
  try {
    if (options !== undefined) checkWait(options);
    return promiseOf(submit(callee, method, args), keeps, options);
  } catch (error) {
    return Promise.reject(asKlawError(error));
  }
}

/** The call's name. Throws if nothing was submitted. */
function submit(callee: () => number, method: number, args: readonly unknown[]): number {
  const staging = acquireStaging();
  try {
    staging.position = CALL_HEADER_BYTES;
    const end = encode(args, staging, "args");
    // After user code has run, which may have left the session.
    if (staging.refs.length === 0) return native.submit(callee(), method, end);
    const sharing = new Sharing(staging.refs);
    const submitted = native.submitWithEnds(callee(), method, end, sharing.pairs);
    sharing.sent();
    return submitted;
  } finally {
    releaseStaging();
  }
}
