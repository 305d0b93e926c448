import { ChannelTimeoutError, InvalidArgumentError } from "../errors/index.ts";

/** How long a wait may take, and who may end it. */
export interface WaitOptions {
  /** Ends the wait: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Ends the wait after so many milliseconds, with a {@link ChannelTimeoutError}. Default: it never ends. */
  readonly timeoutMs?: number | undefined;
}

/** More than this a timer of Node.js can't count. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** Throws what ends a wait before it begins: a signal that is aborted already, options that mean nothing. */
export function checkWait(options: WaitOptions | undefined): void {
  if (options === undefined) return;
  const { signal, timeoutMs } = options;
  if (timeoutMs !== undefined && !(timeoutMs >= 0)) {
    throw new InvalidArgumentError(`timeoutMs is ${timeoutMs}, expected 0 or more milliseconds`);
  }
  signal?.throwIfAborted();
}

/**
 * Calls `end` once with the reason when the wait is over before `dispose` is called. Without options there is nothing to watch:
 * `undefined`.
 */
export function watchWait(
  options: WaitOptions | undefined,
  what: string,
  end: (reason: unknown) => void,
): Disposable | undefined {
  const { signal, timeoutMs } = options ?? {};
  const isTimed = timeoutMs !== undefined && timeoutMs <= LONGEST_TIMEOUT_MS;
  if (signal === undefined && !isTimed) return undefined;
  const onAbort = (): void => end(signal!.reason);
  const onTimeout = (): void =>
    end(new ChannelTimeoutError(`waited ${timeoutMs} ms: no ${what}; raise timeoutMs, or leave it out`));
  signal?.addEventListener("abort", onAbort, { once: true });
  const timer = isTimed ? setTimeout(onTimeout, timeoutMs) : undefined;
  return {
    [Symbol.dispose](): void {
      signal?.removeEventListener("abort", onAbort);
      clearTimeout(timer);
    },
  };
}
