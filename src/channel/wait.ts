import { inspect } from "node:util";

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
  if (timeoutMs !== undefined && !(typeof timeoutMs === "number" && timeoutMs >= 0)) {
    throw new InvalidArgumentError(`timeoutMs is ${inspect(timeoutMs)}, expected 0 or more milliseconds`);
  }
  if (signal === undefined) return;
  if (!(signal instanceof AbortSignal)) {
    throw new InvalidArgumentError(`signal is ${inspect(signal, { depth: 0 })}, expected an AbortSignal`);
  }
  signal.throwIfAborted();
}

/**
 * What to call when a signal is aborted. One listener a signal, however many wait with it: an EventTarget removes a listener by
 * walking over all others, and warns of a leak from the eleventh on.
 */
const aborted = new WeakMap<AbortSignal, Set<() => void>>();

function onAbortOf(signal: AbortSignal): Set<() => void> {
  let calls = aborted.get(signal);
  if (calls === undefined) {
    const made = new Set<() => void>();
    calls = made;
    aborted.set(signal, made);
    signal.addEventListener("abort", () => made.forEach((call) => call()), { once: true });
  }
  return calls;
}

function waitedTooLong(what: string): (timeoutMs: number) => Error {
  return (timeoutMs) =>
    new ChannelTimeoutError(`waited ${timeoutMs} ms: no ${what}; raise timeoutMs, or leave it out`);
}

/**
 * Calls `end` once with the reason when the wait is over before it is disposed; never before this returns. Without options
 * there is nothing to watch: `undefined`.
 */
export function watchWait(
  options: WaitOptions | undefined,
  what: string,
  end: (reason: unknown) => void,
  timedOut: (timeoutMs: number) => Error = waitedTooLong(what),
): Disposable | undefined {
  const { signal, timeoutMs } = options ?? {};
  const isTimed = timeoutMs !== undefined && timeoutMs <= LONGEST_TIMEOUT_MS;
  if (signal === undefined && !isTimed) return undefined;
  let isOver = false;
  const over = (reason: unknown): void => {
    if (!isOver) end(reason);
  };
  const onAbort = (): void => over(signal!.reason);
  const onTimeout = (): void => over(timedOut(timeoutMs!));
  if (signal?.aborted === true) queueMicrotask(onAbort);
  else if (signal !== undefined) onAbortOf(signal).add(onAbort);
  const timer = isTimed ? setTimeout(onTimeout, timeoutMs) : undefined;
  return {
    [Symbol.dispose](): void {
      isOver = true;
      if (signal !== undefined) aborted.get(signal)?.delete(onAbort);
      clearTimeout(timer);
    },
  };
}

/** One deadline for a call of several waits. */
export class Deadline {
  readonly #signal: AbortSignal | undefined;
  readonly #timeoutMs: number | undefined;
  readonly #start: number = performance.now();

  constructor({ signal, timeoutMs }: WaitOptions) {
    this.#signal = signal;
    this.#timeoutMs = timeoutMs;
  }

  /** What is left for the next wait. Throws if nothing is. */
  left(): WaitOptions {
    this.#signal?.throwIfAborted();
    if (this.#timeoutMs === undefined) return { signal: this.#signal };
    const leftMs = this.#timeoutMs - (performance.now() - this.#start);
    if (leftMs > 0) return { signal: this.#signal, timeoutMs: leftMs };
    throw new ChannelTimeoutError(`not done in ${this.#timeoutMs} ms; raise timeoutMs, or leave it out`);
  }
}
