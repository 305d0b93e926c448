import type { AnyFunction, Args, Callable } from "../calls/signatures.ts";
import type { DefinitionOptions } from "../definitions/index.ts";
import type { ObjectRef } from "../objects/types.ts";

/** How a task runs. */
export interface TaskOptions {
  /** CPUs that a call needs to start. Default: 1. */
  readonly numCpus?: number | undefined;
  /** How often a call is tried again after its worker died; -1: always. Default: 3. */
  readonly maxRetries?: number | undefined;
  /** Whether a call that throws is tried again too. Default: false. */
  readonly retryExceptions?: boolean | undefined;
  /** After so many calls of the task a worker ends, for code that leaks. Default: no limit. */
  readonly maxCalls?: number | undefined;
  /** What tools and logs call it. Default: the name of the definition. */
  readonly name?: string | undefined;
  /** Cancels the call when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Cancels the call when it has not settled by then, in milliseconds. Default: none. */
  readonly timeoutMs?: number | undefined;
}

/** Defaults of all calls of a task, and how its definition is named: `name` is that of the definition, in its module. */
export interface TaskDefaults extends Omit<TaskOptions, "name" | "signal">, DefinitionOptions {}

/** A function that runs in another process. */
export type Task<F extends AnyFunction> = Callable<F> & {
  /** The plain function, here. */
  readonly local: F;
  /** The same task with these options, which go before those of the definition. */
  options(options: TaskOptions & { readonly numReturns?: undefined }): Callable<F>;
  /**
   * The same, with a reference for each of the values that the function returns as an array. All of them reject if it throws, or
   * returns another number of them.
   */
  options<const N extends number>(options: TaskOptions & { readonly numReturns: N }): MultiTask<F, N>;
};

/** A task whose values have a reference each. */
export interface MultiTask<F extends AnyFunction, N extends number> {
  remote(...args: Args<Parameters<F>>): Refs<Awaited<ReturnType<F>>, N>;
}

/** A reference for each of the first `N` elements of `R`. */
type Refs<R, N extends number, Found extends unknown[] = []> = number extends N
  ? ObjectRef<R extends readonly (infer E)[] ? E : never>[]
  : Found["length"] extends N
    ? Found
    : Refs<R, N, [...Found, ObjectRef<R extends readonly unknown[] ? R[Found["length"]] : never>]>;
