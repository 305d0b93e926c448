import { AsyncLocalStorage } from "node:async_hooks";

import type { ActorFacts } from "../actors/facts.ts";
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

/** The actor that this worker is. */
export interface OwnActor {
  readonly id: string;
  /** Its number in this thread. */
  readonly number: number;
  readonly facts: ActorFacts;
  /** The channel whose senders are its handles. */
  readonly life: number;
}

let own: OwnActor | undefined;

export function ownActor(): OwnActor | undefined {
  return own;
}

/** Before its constructor runs. */
export function setOwnActor(actor: OwnActor): void {
  own = actor;
}

/** What the running code belongs to, over all its awaits. */
export const running: AsyncLocalStorage<RunContext> = new AsyncLocalStorage();
