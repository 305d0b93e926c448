/**
 * References to results of calls, there or yet to come.
 *
 * @module
 */
import { inspect } from "node:util";

import { arrivedEnds } from "../channel/arrived.ts";
import { watchWait, type WaitOptions } from "../channel/wait.ts";
import { Batch, decode, registerReference } from "../codec/index.ts";
import { InvalidArgumentError, NotInitializedError } from "../errors/index.ts";
import { currentSession, onLeave } from "../loop.ts";
import {
  OBJECT_ENTRY,
  OBJECT_ERROR,
  OBJECT_FAILED,
  OBJECT_PENDING,
  OBJECT_VALUE,
  asKlawError,
  native,
} from "../native/index.ts";
import { asError, failure } from "./failures.ts";
import { promiseOf } from "./pending.ts";
import { onEntry } from "./take.ts";

/** An object that somebody waits for, by its number. */
const waiting = new Map<number, Set<Waiter>>();

interface Waiter {
  /** It is there, or there will be none. */
  readonly ready: () => void;
  readonly ended: (error: Error) => void;
}

/** Calls whose results are to be objects, by the objects' numbers. */
const expected = new Map<number, Expected>();

interface Expected {
  readonly call: number;
  /** Not collected before the call is settled. */
  readonly keeps: object | undefined;
  readonly watch: Disposable | undefined;
}

onLeave((error) => {
  const left = [...waiting.values()];
  for (const { watch } of expected.values()) watch?.[Symbol.dispose]();
  expected.clear();
  waiting.clear();
  for (const waiters of left) waiters.forEach(({ ended }) => ended(error));
});

onEntry(OBJECT_ENTRY, ({ name }) => {
  expected.get(name)?.watch?.[Symbol.dispose]();
  expected.delete(name);
  const waiters = waiting.get(name);
  waiting.delete(name);
  waiters?.forEach(({ ready }) => ready());
});

interface Held {
  readonly number: number;
  readonly session: object | undefined;
}

const collected = new FinalizationRegistry<Held>(({ number, session }) => {
  if (session === currentSession()) releaseObject(number);
});

/** Nobody waits for the result of a call any more; the call goes on. */
function releaseObject(number: number): void {
  const left = expected.get(number);
  expected.delete(number);
  native.releaseObject(number);
  // What it keeps is still needed, and Ctrl-C still waits for it.
  if (left !== undefined) promiseOf(left.call, left.keeps, undefined).catch(() => {});
}

/** The reference to the result of a call that was just submitted. */
export function refForCall(call: number, keeps: object | undefined, wait: WaitOptions | undefined): Ref {
  const number = native.keep(call);
  const watch = watchWait(wait, "result", () => native.cancelObject(number, false));
  expected.set(number, { call, keeps, watch });
  return new Ref(number);
}

/** A reference of this thread. */
export class Ref {
  readonly #number: number;
  readonly #session: object | undefined = currentSession();
  #released = false;

  constructor(number: number) {
    this.#number = number;
    collected.register(this, { number, session: this.#session }, this);
  }

  /** Its number; throws if it was released. */
  get open(): number {
    if (this.#session !== currentSession()) {
      throw new NotInitializedError("this reference is of a session that this thread has left");
    }
    if (this.#released) {
      throw new InvalidArgumentError("this reference was released: keep it as long as its object is needed", {
        code: "ERR_KLAW_OBJECT_RELEASED",
      });
    }
    return this.#number;
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    collected.unregister(this);
    if (this.#session === currentSession()) releaseObject(this.#number);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

registerReference(Ref);

Object.defineProperty(Ref.prototype, inspect.custom, {
  value(): string {
    return "ObjectRef";
  },
});

/** The references of this thread behind what users have. */
export function refOf(of: unknown, called: string): Ref {
  if (of instanceof Ref) return of;
  throw new InvalidArgumentError(
    `${called} was given ${inspect(of, { depth: 0 })}, expected a reference, as \`remote\` gives it`,
  );
}

/** True if the object is there, be it an error. */
export function isSettled(ref: Ref): boolean {
  return state(ref) !== OBJECT_PENDING;
}

/** True if the object is there, and an error. */
export function isFailed(ref: Ref): boolean {
  return state(ref) === OBJECT_ERROR;
}

function state(ref: Ref): number {
  try {
    return native.objectState(ref.open);
  } catch (error) {
    throw asKlawError(error);
  }
}

/** Calls `ready` once the object is there, never before this returns; disposed, never. */
export function whenSettled(ref: Ref, waiter: Waiter): Disposable {
  const number = ref.open;
  let waiters = waiting.get(number);
  if (waiters === undefined) {
    waiters = new Set();
    waiting.set(number, waiters);
  }
  waiters.add(waiter);
  const all = waiters;
  return {
    [Symbol.dispose](): void {
      all.delete(waiter);
      if (all.size === 0 && waiting.get(number) === all) waiting.delete(number);
    },
  };
}

/** What the object is, as a value of its own; throws what its call has thrown. */
export function valueOf(ref: Ref): unknown {
  const [kind, bytes] = read(ref);
  if (kind === OBJECT_FAILED)
    throw failure(() => (bytes.length === 0 ? undefined : decode(bytes, 0, bytes.length)));
  const pairs = native.arrivedWithCalls();
  const ends = pairs.length === 0 ? [] : arrivedEnds(pairs, 0, pairs.length / 2);
  const value = new Batch(bytes, bytes.length, "kept").decode(0, bytes.length, ends, "result");
  if (kind === OBJECT_VALUE) return value;
  throw asError(value);
}

function read(ref: Ref): [kind: number, bytes: Uint8Array] {
  try {
    return native.readObject(ref.open);
  } catch (error) {
    throw asKlawError(error);
  }
}
