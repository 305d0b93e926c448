/**
 * Ending actors, and finding them by their names.
 *
 * @module
 */
import { ActorNotFoundError } from "../errors/index.ts";
import { asKlawError, native } from "../native/index.ts";
import { checkCount } from "../check.ts";
import { ending, stateOf, type HandleState } from "./handle.ts";
import { untilAlive, untilDead, untilLifeOver } from "./lives.ts";
import type { ActorHandle } from "./types.ts";

/** How long a terminated actor may go on with what it has got. */
const GRACE_MS = 30_000;

/**
 * Kills an actor's process at once: no hook runs, and calls that run reject with an `ActorDiedError`.
 *
 * With `noRestart: false` that is a death like any other, and the actor comes back if it has restarts left. Resolves when the
 * process is gone and, with `noRestart`, the actor dead.
 */
export async function kill(
  handle: ActorHandle<never> | object,
  options: { readonly noRestart?: boolean | undefined } = {},
): Promise<void> {
  const { noRestart = true } = options;
  const { open } = stateOf(handle, "kill");
  try {
    const gone = noRestart ? untilDead(open) : untilLifeOver(open);
    // First, so that the life that is told of is the one that ends.
    native.watchActor(open);
    native.killActor(open, noRestart);
    await gone;
  } catch (error) {
    throw asKlawError(error);
  }
}

/**
 * Ends an actor after the calls that were sent to it before: then its own `[Symbol.asyncDispose]()` runs, if it has one, and its
 * process ends. Resolves when it is gone.
 *
 * @param options - `graceMs`: how long that may take; then it is killed. Default: 30,000.
 */
export async function terminate(
  handle: ActorHandle<never> | object,
  options: { readonly graceMs?: number | undefined } = {},
): Promise<void> {
  const { graceMs = GRACE_MS } = options;
  checkCount("graceMs", graceMs, 0);
  await terminateActor(stateOf(handle, "terminate"), graceMs);
}

ending.terminate = (state, graceMs = GRACE_MS) => terminateActor(state, graceMs);

async function terminateActor({ open }: HandleState, graceMs: number): Promise<void> {
  try {
    const dead = untilDead(open);
    const alive = untilAlive(open);
    native.watchActor(open);
    // Calls that wait for it to be there are sent in that moment, and count as sent before.
    const isAlive = await alive.then(
      () => true,
      () => false,
    );
    if (isAlive) native.terminateActor(open, graceMs);
    await dead;
  } catch (error) {
    throw asKlawError(error);
  }
}

export function notFound(name: string, namespace: string): ActorNotFoundError {
  return new ActorNotFoundError(
    `no actor is called ${JSON.stringify(name)} in the namespace ${JSON.stringify(namespace)}`,
    { details: { name, namespace } },
  );
}
