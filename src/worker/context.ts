import { AsyncLocalStorage } from "node:async_hooks";

import { TaskCancelledError } from "../errors/index.ts";

/** A call that runs, or a constructor. */
export class RunContext {
  /** Counts the tries of the call from 0; how often the actor died before, in its constructor. */
  readonly attempt: number;
  #controller: AbortController | undefined;

  constructor(attempt: number) {
    this.attempt = attempt;
  }

  /** Aborted when the call is cancelled. */
  get signal(): AbortSignal {
    return (this.#controller ??= new AbortController()).signal;
  }

  cancel(): void {
    this.#controller ??= new AbortController();
    this.#controller.abort(new TaskCancelledError());
  }
}

/** What the running code belongs to, over all its awaits. */
export const running: AsyncLocalStorage<RunContext> = new AsyncLocalStorage();
