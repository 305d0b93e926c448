import { checkWait, watchWait, type WaitOptions } from "../channel/wait.ts";
import { GetTimeoutError, InvalidArgumentError } from "../errors/index.ts";
import { asKlawError, native } from "../native/index.ts";
import { checkCount } from "../check.ts";
import { isFailed, isSettled, refOf, valueOf, whenSettled, type Ref } from "../calls/ref.ts";
import type { ObjectRef } from "./types.ts";

type Values<R extends readonly ObjectRef<any>[]> = {
  -readonly [K in keyof R]: R[K] extends ObjectRef<infer V> ? V : never;
};

/**
 * The value of an object; of several, in their order, and the first error rejects at once.
 *
 * Each call gives values of their own, as the object was sealed: changing one changes nothing for others.
 *
 * @param options - `timeoutMs`: how long to wait; 0 gives what is there. `signal`: ends the wait.
 * @throws what the call has thrown whose result it is, `ActorDiedError`, `WorkerCrashedError` or `TaskCancelledError`.
 * @throws GetTimeoutError if it is not there in time.
 * @throws InvalidArgumentError for what is no reference.
 * @see {@link https://docs.ray.io/en/latest/ray-core/api/doc/ray.get.html | ray.get}
 *
 * @example
 * ```ts
 * const squares = [1, 2, 3].map((x) => square.remote(x));
 * await get(squares); // [1, 4, 9]
 * ```
 */
export function get<T>(ref: ObjectRef<T>, options?: WaitOptions): Promise<T>;
export function get<const R extends readonly ObjectRef<any>[]>(
  refs: R,
  options?: WaitOptions,
): Promise<Values<R>>;
export async function get(
  of: ObjectRef<unknown> | readonly ObjectRef<unknown>[],
  options?: WaitOptions,
): Promise<unknown> {
  checkWait(options);
  const refs = (Array.isArray(of) ? of : [of]).map((ref) => refOf(ref, "get"));
  await until(refs, (left) => left === 0 || refs.some(isFailed), options, "value");
  const failed = refs.find(isFailed);
  if (failed !== undefined) return valueOf(failed);
  return Array.isArray(of) ? refs.map(valueOf) : valueOf(refs[0]!);
}

/**
 * Waits until `numReturns` of the references have their objects, be they errors: those that do, at most so many, and all others, both in
 * the order of `refs`.
 *
 * @param options - `numReturns`: default 1. `timeoutMs`: after that, with however many there are. `signal`: rejects.
 * @throws InvalidArgumentError for what is no reference, for one that is given twice, and for a `numReturns` that can't be.
 * @see {@link https://docs.ray.io/en/latest/ray-core/api/doc/ray.wait.html | ray.wait}
 *
 * @example
 * ```ts
 * const [[first], rest] = await wait(urls.map((url) => download.remote(url)));
 * ```
 */
export async function wait<T>(
  refs: readonly ObjectRef<T>[],
  options: WaitOptions & { readonly numReturns?: number | undefined } = {},
): Promise<[ready: ObjectRef<T>[], pending: ObjectRef<T>[]]> {
  const { numReturns = 1, timeoutMs, signal } = options;
  checkWait({ timeoutMs, signal });
  checkCount("numReturns", numReturns, 1, refs.length);
  const all = refs.map((ref) => refOf(ref, "wait"));
  if (new Set(all).size < all.length) {
    throw new InvalidArgumentError("wait was given a reference twice: give each once");
  }
  const isEnough = (left: number): boolean => all.length - left >= numReturns;
  await until(all, isEnough, { timeoutMs, signal }, "object").catch((error: unknown) => {
    if (!(error instanceof GetTimeoutError)) throw error;
  });
  const ready = new Set(all.filter(isSettled).slice(0, numReturns));
  const isReady = (ref: unknown): boolean => ready.has(ref as Ref);
  return [refs.filter(isReady), refs.filter((ref) => !isReady(ref))];
}

/**
 * The references in the order in which their objects come.
 *
 * @example
 * ```ts
 * for await (const ref of asCompleted(refs)) console.log(await get(ref));
 * ```
 */
export async function* asCompleted<T>(
  refs: Iterable<ObjectRef<T>>,
): AsyncGenerator<ObjectRef<T>, void, void> {
  let pending = [...refs];
  while (pending.length > 0) {
    const [ready, rest] = await wait(pending);
    pending = rest;
    yield* ready;
  }
}

/**
 * Cancels the call whose result a reference stands for: true if it had not settled. The reference rejects with a `TaskCancelledError`
 * at once; code that runs sees its `runtimeContext().signal` aborted. A cancelled call is not retried.
 *
 * @param options - `force`: the worker that runs it is killed; other calls in it are retried as their own options say.
 * @see {@link https://docs.ray.io/en/latest/ray-core/api/doc/ray.cancel.html | ray.cancel}
 */
export async function cancel(
  ref: ObjectRef<unknown>,
  options: { readonly force?: boolean | undefined } = {},
): Promise<boolean> {
  try {
    return native.cancelObject(refOf(ref, "cancel").open, options.force === true);
  } catch (error) {
    throw asKlawError(error);
  }
}

/** Resolves when `isEnough` of how many are not there. */
function until(
  refs: readonly Ref[],
  isEnough: (left: number) => boolean,
  options: WaitOptions | undefined,
  what: string,
): Promise<void> {
  const pending = refs.filter((ref) => !isSettled(ref));
  let left = pending.length;
  if (isEnough(left)) return Promise.resolve();
  if (options?.timeoutMs === 0) return Promise.reject(timedOut(0));
  return new Promise((resolve, reject) => {
    const waits = pending.map((ref) => whenSettled(ref, { ready, ended: fail }));
    const watch = watchWait(options, what, fail, timedOut);
    function stop(): void {
      watch?.[Symbol.dispose]();
      for (const one of waits) one[Symbol.dispose]();
    }
    function ready(): void {
      left--;
      if (!isEnough(left)) return;
      stop();
      resolve();
    }
    function fail(error: unknown): void {
      stop();
      reject(error);
    }
  });
}

function timedOut(timeoutMs: number): GetTimeoutError {
  return new GetTimeoutError(`not there after ${timeoutMs} ms; raise timeoutMs, or leave it out`);
}
