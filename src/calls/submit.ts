/**
 * Submitting calls.
 *
 * @module
 */
import { Sharing } from "../channel/sharing.ts";
import { checkWait, type WaitOptions } from "../channel/wait.ts";
import { encode } from "../codec/index.ts";
import { NotInitializedError } from "../errors/index.ts";
import { acquireStaging, releaseStaging } from "../loop.ts";
import { CALL_HEADER_BYTES, asKlawError, native } from "../native/index.ts";
import { promiseOf } from "./pending.ts";
import { Ref, refForCall } from "./ref.ts";

/** What is called, and how. */
export interface Calling {
  /** Its number of the addon's, in the session that this thread is in now. */
  readonly callee: () => number;
  /** Which method of an actor; 0 for tasks. */
  readonly method: number;
  /** Is not collected before the call is settled. */
  readonly keeps: object | undefined;
  readonly wait: WaitOptions | undefined;
}

/** Calls, and gives the promise of the result. */
export function call(calling: Calling, args: readonly unknown[]): Promise<unknown> {
  try {
    const { keeps, wait } = calling;
    if (wait !== undefined) checkWait(wait);
    if (isStalled) return new Promise(() => {});
    return promiseOf(submit(calling, args), keeps, wait);
  } catch (error) {
    return Promise.reject(asKlawError(error));
  }
}

let refusal: Error | undefined;
let isStalled = false;

/** New calls of this thread are never made and never settle: the program is about to end, and nobody is to act on their failure. */
export function stallCalls(): void {
  isStalled = true;
}

/** New calls of this thread fail with this from now on; with nothing they don't. */
export function refuseCalls(error: Error | undefined): void {
  isStalled = false;
  refusal = error;
}

/** The call's name. Throws if nothing was submitted. */
export function submit({ callee, method }: Calling, args: readonly unknown[]): number {
  if (refusal !== undefined) throw refusal;
  if (isStalled) throw new NotInitializedError("the program is ending: it takes no more calls");
  const objects = args.some(isRef) ? objectsIn(args) : NO_OBJECTS;
  const staging = acquireStaging();
  try {
    staging.position = CALL_HEADER_BYTES;
    const end = encode(objects.length === 0 ? args : args.map(unlessRef), staging, "args");
    // After user code has run, which may have left the session.
    const number = callee();
    if (staging.refs.length === 0 && objects.length === 0) return native.submit(number, method, end);
    const sharing = new Sharing(staging.refs);
    const submitted =
      objects.length === 0
        ? native.submitWithEnds(number, method, end, sharing.pairs)
        : native.submitWithObjects(number, method, end, sharing.pairs, objects);
    sharing.sent();
    return submitted;
  } finally {
    releaseStaging();
  }
}

const NO_OBJECTS: number[] = [];

function isRef(value: unknown): value is Ref {
  return value instanceof Ref;
}

/** In the place of an argument that stands apart. */
function unlessRef(value: unknown): unknown {
  return isRef(value) ? undefined : value;
}

/** Which arguments are objects: places and numbers in turn. */
function objectsIn(args: readonly unknown[]): number[] {
  return args.flatMap((value, place) => (isRef(value) ? [place, value.open] : []));
}

/** Calls, and gives a reference to the result. Throws if nothing was submitted. */
export function callForRef(calling: Calling, args: readonly unknown[]): Ref {
  try {
    const { keeps, wait } = calling;
    if (wait !== undefined) checkWait(wait);
    return refForCall(submit(calling, args), keeps, wait);
  } catch (error) {
    throw asKlawError(error);
  }
}
