/**
 * Calls that are not settled: what JavaScript can't give away of them, by the name that the addon gave them.
 *
 * @module
 */
import { GetTimeoutError } from "../errors/index.ts";
import { onLeave } from "../loop.ts";
import { native } from "../native/index.ts";
import { watchWait, type WaitOptions } from "../channel/wait.ts";

/** Somebody who waits for a call. */
export interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Kept alive until the call is settled: the handle of the actor that is called. */
  readonly keeps: object | undefined;
  watch: Disposable | undefined;
}

const pending = new Map<number, Pending>();

onLeave((error) => {
  const left = [...pending.values()];
  pending.clear();
  for (const call of left) settle(call).reject(error);
  idle.splice(0).forEach((done) => done());
});

/** Whoever waits for the last of them. */
const idle: (() => void)[] = [];

/** Resolves when every call of this thread is settled. */
export function allSettled(): Promise<void> {
  return pending.size === 0 ? Promise.resolve() : new Promise((resolve) => idle.push(resolve));
}

/** The promise of a call's result. */
export function promiseOf(
  call: number,
  keeps: object | undefined,
  options: WaitOptions | undefined,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const entry: Pending = { resolve, reject, keeps, watch: undefined };
    pending.set(call, entry);
    if (options !== undefined)
      entry.watch = watchWait(options, "result", (reason) => giveUp(call, reason), timedOut);
  });
}

/** Takes out who waits for a call. */
export function takePending(call: number): Pending | undefined {
  const entry = pending.get(call);
  pending.delete(call);
  if (pending.size === 0 && idle.length > 0) idle.splice(0).forEach((done) => done());
  return entry === undefined ? undefined : settle(entry);
}

/** Nobody waits for it any more, and where it runs it is told so. Nothing happens to a call that is settled. */
export function giveUp(call: number, reason: unknown): void {
  const entry = takePending(call);
  if (entry === undefined) return;
  native.cancelCall(call, false);
  entry.reject(reason);
}

function settle(entry: Pending): Pending {
  entry.watch?.[Symbol.dispose]();
  return entry;
}

function timedOut(timeoutMs: number): Error {
  return new GetTimeoutError(`no result after ${timeoutMs} ms; raise timeoutMs, or leave it out`);
}
