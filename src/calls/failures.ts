/**
 * What whoever waits for a call is told when it fails.
 *
 * @module
 */
import { KlawError, TaskError } from "../errors/index.ts";
import { asKlawError, native } from "../native/index.ts";

/** An argument was the result of a call that has thrown: what that was is what this call fails with. */
const ARGUMENT_FAILED = "ERR_KLAW_ARGUMENT_FAILED";

/** The next error that the addon has to tell. `thrown` reads what has led to it, if there is something. */
export function failure(thrown: () => unknown): unknown {
  const error = asKlawError(native.callFailure());
  let cause: unknown;
  try {
    cause = thrown();
  } catch (unreadable) {
    cause = unreadable;
  }
  if (cause === undefined || !(error instanceof KlawError)) return error;
  if (error.code === ARGUMENT_FAILED) return asError(cause);
  return Object.defineProperty(error, "cause", { value: cause, configurable: true, writable: true });
}

/** What a call has thrown, as an error. */
export function asError(thrown: unknown): unknown {
  if (thrown instanceof Error) return thrown;
  return new TaskError("the call has thrown something that is no error; it is the cause", { cause: thrown });
}
