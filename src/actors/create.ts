/**
 * Making actors.
 *
 * @module
 */
import { Sharing } from "../channel/sharing.ts";
import { SendingEnd } from "../channel/sender.ts";
import { encode } from "../codec/index.ts";
import type { Definition } from "../definitions/index.ts";
import { asError } from "../calls/failures.ts";
import { Ref } from "../calls/ref.ts";
import { get, type ObjectRef } from "../objects/index.ts";
import { ActorDiedError, InvalidArgumentError } from "../errors/index.ts";
import { acquireStaging, releaseStaging } from "../loop.ts";
import { RECEIVER_END, asKlawError, native } from "../native/index.ts";
import { CPU, cpusOf, defaultNamespace } from "../settings.ts";
import { checkCount } from "../check.ts";
import { factsOf, type ActorFacts } from "./facts.ts";
import { makeHandle, retries, stateOf } from "./handle.ts";
import { untilAlive, untilMade } from "./lives.ts";
import type { ActorShape } from "./methods.ts";
import type { ActorDefaults, ActorOptions } from "./options.ts";

/** A class whose actors are made. */
export interface Making {
  readonly definition: Definition;
  readonly shape: ActorShape;
  readonly options: ActorOptions & Pick<ActorDefaults<never>, "methods">;
}

/** What a worker needs to make the actor, before the arguments. */
export interface Creation {
  readonly module: string;
  readonly name: string;
  readonly hash: string;
  readonly facts: ActorFacts;
  /** The channel whose senders are the actor's handles. */
  readonly life: number;
}

/** Before a creation: where what the worker needs ends, and where the arguments begin, in bytes from its start. */
export const CREATION_HEADER_BYTES = 64;

/** Makes an actor: resolves with its handle when its constructor has run. */
export async function create(making: Making, args: readonly unknown[]): Promise<object> {
  const handle = remote(making, await Promise.all(args.map(resolved)));
  const { open } = stateOf(handle, "create");
  const isMade = making.options.getIfExists === true ? untilMade(open) : untilAlive(open);
  const other = await isMade.catch((error: unknown) => {
    throw ofConstructor(error);
  });
  if (other === undefined) return handle;
  native.watchActor(other.actor);
  await untilAlive(other.actor);
  return makeHandle(other.facts, other.actor, other.life);
}

/** The object that a reference stands for. */
function resolved(argument: unknown): unknown {
  return argument instanceof Ref ? get(argument as unknown as ObjectRef<unknown>) : argument;
}

/** What its constructor has thrown, for whoever has called that. */
function ofConstructor(error: unknown): unknown {
  const isItsOwn = error instanceof ActorDiedError && error.details.reason === "constructor";
  return isItsOwn ? asError(error.cause) : error;
}

/** Makes an actor, and gives its handle before it is there. */
export function remote(making: Making, args: readonly unknown[]): object {
  const { definition, shape, options } = making;
  const facts = factsOf(definition.value.name || definition.name, shape, options, options.methods);
  checkOptions(options);
  try {
    const [tx, rx] = native.channel(1, 16, false);
    const life = new SendingEnd<never>(tx);
    try {
      return makeHandle(facts, submit(making, facts, args, rx), life);
    } catch (error) {
      // Nobody has it: else the channel would stay for as long as this session.
      native.closeEnd(RECEIVER_END, rx);
      life.close();
      throw error;
    }
  } catch (error) {
    throw asKlawError(error);
  }
}

function submit(
  { definition, options }: Making,
  facts: ActorFacts,
  args: readonly unknown[],
  life: number,
): number {
  const { module, name, hash } = definition;
  const staging = acquireStaging();
  try {
    const cardEnd = encode(facts, staging, "options");
    const start = aligned(cardEnd);
    staging.position = start + CREATION_HEADER_BYTES;
    const creation: Creation = { module, name, hash, facts, life: native.channelId(RECEIVER_END, life) };
    const end = encode(creation, staging, "options");
    staging.position = aligned(end);
    const stop = encode(args, staging, "args");
    staging.view.setUint32(start, end - start, true);
    staging.view.setUint32(start + 4, aligned(end) - start, true);
    const sharing = new Sharing(staging.refs);
    const actor = native.createActor(
      createOptions(options, facts),
      life,
      cardEnd,
      start,
      stop,
      sharing.pairs,
    );
    sharing.sent();
    return actor;
  } finally {
    releaseStaging();
  }
}

/** Where a payload may begin: bytes in it are aligned as they are from its start. */
function aligned(position: number): number {
  return Math.ceil(position / 64) * 64;
}

function createOptions(options: ActorOptions, facts: ActorFacts): Parameters<typeof native.createActor>[0] {
  const { name, namespace, getIfExists = false, maxRestarts = 0, numCpus, startTimeoutMs } = options;
  return {
    label: facts.label,
    name: name ?? null,
    namespace: namespace ?? defaultNamespace(),
    getIfExists,
    maxRestarts: retries(maxRestarts),
    // As in Ray: one to be placed, and none to run, unless it says.
    placementCpus: numCpus === undefined ? CPU : cpusOf(numCpus),
    runningCpus: numCpus === undefined ? 0 : cpusOf(numCpus),
    startTimeoutMs: startTimeoutMs ?? 2 ** 31 - 1,
  };
}

function checkOptions({ name, namespace, maxRestarts, startTimeoutMs, getIfExists }: ActorOptions): void {
  if (maxRestarts !== undefined) checkCount("maxRestarts", maxRestarts, -1);
  if (startTimeoutMs !== undefined) checkCount("startTimeoutMs", startTimeoutMs, 1);
  for (const [option, text] of Object.entries({ name, namespace })) {
    if (text !== undefined && (typeof text !== "string" || text === "")) {
      throw new InvalidArgumentError(`${option} is ${String(text)}, expected a string that is not empty`);
    }
  }
  if (getIfExists === true && name === undefined) {
    throw new InvalidArgumentError("getIfExists needs a name by which to look");
  }
}
