import type { AnyFunction, Callable } from "../calls/signatures.ts";
import type { DefinitionOptions } from "../definitions/index.ts";

/** How a task runs. */
export interface TaskOptions {
  /** CPUs that a call needs to start. Default: 1. */
  readonly numCpus?: number | undefined;
  /** How often a call is tried again after its worker died; -1: always. Default: 3. */
  readonly maxRetries?: number | undefined;
  /** Whether a call that throws is tried again too. Default: false. */
  readonly retryExceptions?: boolean | undefined;
  /** Cancels the call when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Cancels the call when it has not settled by then, in milliseconds. Default: none. */
  readonly timeoutMs?: number | undefined;
}

/** Defaults of all calls of a task, and how its definition is named: `name` is that of the definition, in its module. */
export interface TaskDefaults extends Omit<TaskOptions, "signal">, DefinitionOptions {}

/** A function that runs in another process. */
export type Task<F extends AnyFunction> = Callable<F> & {
  /** The plain function, here. */
  readonly local: F;
  /** The same task with these options, which go before those of the definition. */
  options(options: TaskOptions): Callable<F>;
};
