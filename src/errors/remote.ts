/** An error that was thrown or made in another process. */
export interface RemoteError extends Error {
  /** The stack that it had where it was made. */
  readonly remoteStack: string;
}

/** True for an error that came from another process. */
export function isRemoteError(error: unknown): error is RemoteError {
  return error instanceof Error && typeof (error as Partial<RemoteError>).remoteStack === "string";
}

/**
 * The stack of `error` where it was made: over any number of processes that passed it on, the first one's.
 * Reading `stack` may run a user's `Error.prepareStackTrace`.
 */
export function originStack(error: Error): string | undefined {
  if (isRemoteError(error)) return error.remoteStack;
  return typeof error.stack === "string" ? error.stack : undefined;
}

/**
 * Gives `error` the stack that it had elsewhere, as `remoteStack`, and a `stack` that shows the frames here on top of
 * it. Neither is enumerable, so neither is taken for a field of the user's.
 *
 * @param caller - frames from this function on inwards are left out.
 */
export function attachRemoteStack(
  error: Error,
  remoteStack: string,
  caller: (...args: never[]) => unknown,
): void {
  Error.captureStackTrace(error, caller);
  const hidden = { enumerable: false, configurable: true, writable: true };
  Object.defineProperty(error, "stack", {
    ...hidden,
    value: `${error.stack}\nremote stack:\n${remoteStack}`,
  });
  Object.defineProperty(error, "remoteStack", { ...hidden, value: remoteStack });
}
