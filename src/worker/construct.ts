/**
 * Becoming an actor, and ending as one.
 *
 * @module
 */
import { CREATION_HEADER_BYTES, type Creation } from "../actors/create.ts";
import { onEntry, type Payload } from "../calls/take.ts";
import { encode } from "../codec/index.ts";
import { load } from "../definitions/index.ts";
import { acquireStaging, releaseStaging } from "../loop.ts";
import { CONSTRUCT_ENTRY, FINISH_ENTRY, asKlawError, native } from "../native/index.ts";
import { RunContext, running, setOwnActor } from "./context.ts";
import { plainError } from "./reply.ts";
import { becomeActor } from "./run.ts";

let instance: Partial<AsyncDisposable & Disposable> | undefined;

/** Becomes the actor that it is told to. */
export function serveActor(): void {
  onEntry(CONSTRUCT_ENTRY, (entry) => {
    const [restarts] = entry.words;
    construct(entry.detach(), entry.name, restarts).then(
      (limits) => native.constructed(limits),
      (error: unknown) => tellError(error),
    );
  });
  onEntry(FINISH_ENTRY, () => {
    dispose().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
}

/** The limits of the actor's concurrency groups. */
async function construct(payload: Payload, number: number, restarts: number): Promise<number[]> {
  const { buffer, byteOffset, byteLength } = payload.bytes();
  const head = new DataView(buffer, byteOffset, byteLength);
  const [end, start] = [head.getUint32(0, true), head.getUint32(4, true)];
  const creation = payload.part(CREATION_HEADER_BYTES, end, "creation") as Creation;
  const { value } = await load({ kind: "actor", ...creation });
  const { facts, life } = creation;
  setOwnActor({ id: native.actorName(number).join("."), number, facts, life });
  const args = payload.part(start, byteLength, "args") as unknown[];
  const made = running.run(new RunContext(restarts), () => Reflect.construct(value, args) as object);
  instance = made;
  becomeActor(made, facts);
  return facts.groups.map(({ limit }) => limit);
}

function tellError(thrown: unknown): void {
  const staging = acquireStaging();
  try {
    native.constructed([], encode(thrown, staging, "error"));
  } catch (error) {
    staging.position = 0;
    native.constructed([], encode(plainError(thrown, asKlawError(error)), staging, "error"));
  } finally {
    releaseStaging();
  }
}

async function dispose(): Promise<void> {
  await instance?.[Symbol.asyncDispose]?.();
  if (instance?.[Symbol.asyncDispose] === undefined) instance?.[Symbol.dispose]?.();
}
