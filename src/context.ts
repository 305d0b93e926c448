import { makeHandle } from "./actors/handle.ts";
import type { ActorHandle } from "./actors/types.ts";
import { SendingEnd } from "./channel/sender.ts";
import { KlawError, NotInitializedError } from "./errors/index.ts";
import { currentSession } from "./loop.ts";
import { SENDER_END, asKlawError, native } from "./native/index.ts";
import { running, ownActor } from "./worker/context.ts";
import { workerNumber, workerSession } from "./worker/process.ts";

/** Where code runs. */
export interface RuntimeContext {
  /** Sixteen hex digits. */
  readonly sessionId: string;
  /** False in a worker process. */
  readonly isDriver: boolean;
  /** Of this worker process, unique in the session; undefined in a driver. */
  readonly workerId: string | undefined;
  /** Of the actor whose code this is, the same in all its lives. */
  readonly actorId: string | undefined;
  /** How often this call was tried before; in a constructor, how often the actor died before. */
  readonly attempt: number;
  /** Aborted when this call is cancelled. Outside of calls: never. */
  readonly signal: AbortSignal;
}

const never = new AbortController().signal;

/**
 * Where the calling code runs, and as what.
 *
 * @throws NotInitializedError before `init()`, outside of workers.
 * @see {@link https://docs.ray.io/en/latest/ray-core/api/doc/ray.runtime_context.RuntimeContext.html | Ray's runtime context}
 *
 * @example
 * ```ts
 * export const fetched = task(async function fetched(url: string) {
 *   const response = await fetch(url, { signal: runtimeContext().signal }); // ends when the call is cancelled
 *   return response.text();
 * });
 * ```
 */
export function runtimeContext(): RuntimeContext {
  const session = currentSession();
  if (session === undefined) throw new NotInitializedError();
  const run = running.getStore();
  return {
    sessionId: session.sessionId,
    isDriver,
    workerId: workerNumber(),
    actorId: ownActor()?.id,
    attempt: run?.attempt ?? 0,
    get signal(): AbortSignal {
      return run?.signal ?? never;
    },
  };
}

/** False in a worker process: in code that a worker imports too, what only the driver is to do stands behind it. */
export const isDriver: boolean = workerSession() === undefined;

/**
 * A handle of the actor whose code calls this: to be given to others.
 *
 * An actor that keeps a handle of itself lives until it is killed or terminated.
 *
 * @throws KlawError `ERR_KLAW_NOT_AN_ACTOR` outside of an actor.
 */
export function self<T>(): ActorHandle<T> {
  const actor = ownActor();
  if (actor === undefined) {
    throw new KlawError(
      "ERR_KLAW_NOT_AN_ACTOR",
      "self() was called outside of an actor: it gives an actor's own handle",
    );
  }
  const { facts, number, life } = actor;
  try {
    const sender = new SendingEnd<never>(native.openEnd(SENDER_END, life));
    return makeHandle(facts, number, sender) as unknown as ActorHandle<T>;
  } catch (error) {
    throw asKlawError(error);
  }
}
