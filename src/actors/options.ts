import type { DefinitionOptions } from "../definitions/index.ts";
import type { MethodName } from "./types.ts";

/** What can be said of a method once for all calls; {@link CallOptions} of a call win. */
export interface MethodOptions {
  /** Which of the actor's `concurrencyGroups` its calls count in. Default: the actor's own limit. */
  readonly concurrencyGroup?: string | undefined;
  /** How often a call is sent again after its actor died while it ran. Default: what the actor says. */
  readonly maxTaskRetries?: number | undefined;
  /** Whether a call that throws is tried again too. Default: false. */
  readonly retryExceptions?: boolean | undefined;
  /** What a call does that meets its actor being restarted: it waits (default), or rejects with an `ActorUnavailableError`. */
  readonly whileRestarting?: "wait" | "fail" | undefined;
}

/** Of one call of a method. */
export interface CallOptions extends MethodOptions {
  /** Cancels the call when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Cancels the call when it has not settled by then, in milliseconds. Default: none. */
  readonly timeoutMs?: number | undefined;
}

/** How an actor is made and runs. */
export interface ActorOptions {
  /** By which `getActor` finds it; unique in its namespace. Default: none. */
  readonly name?: string | undefined;
  /** What `name` is unique in. Default: that of the runtime. */
  readonly namespace?: string | undefined;
  /** Gives the actor of that name if there is one, instead of an ActorAlreadyExistsError. Default: false. */
  readonly getIfExists?: boolean | undefined;
  /** How often the actor is made anew after its process died; -1: always. Default: 0. */
  readonly maxRestarts?: number | undefined;
  /** How often a call is sent again that was running when the process died; -1: always. Default: 0. */
  readonly maxTaskRetries?: number | undefined;
  /** How many calls run at the same time. Default: 1,000 for a class with async methods, else 1. */
  readonly maxConcurrency?: number | undefined;
  /** Limits of their own for the methods that name them: `{ io: 8 }`. */
  readonly concurrencyGroups?: Readonly<Record<string, number>> | undefined;
  /** How many calls of one submitting process may be unsettled; one more is refused. Default: no limit. */
  readonly maxPendingCalls?: number | undefined;
  /** CPUs that the actor holds as long as it lives. Default: one while it is placed, none while it runs. */
  readonly numCpus?: number | undefined;
  /** How long it may take until the constructor has run, in milliseconds. Default: no limit. */
  readonly startTimeoutMs?: number | undefined;
}

/**
 * Defaults of all actors of a class, and how its definition is named: `name` is that of the definition, in its module, not of any
 * actor.
 */
export interface ActorDefaults<C> extends Omit<ActorOptions, "name" | "getIfExists">, DefinitionOptions {
  /** Options of single methods. */
  readonly methods?: { readonly [K in MethodName<C>]?: MethodOptions } | undefined;
}
