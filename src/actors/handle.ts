/**
 * Handles: an actor as an object with its methods.
 *
 * @module
 */
import { inspect } from "node:util";

import { call } from "../calls/submit.ts";
import { SendingEnd } from "../channel/sender.ts";
import type { WaitOptions } from "../channel/wait.ts";
import { registerLike, registerSerializer } from "../codec/index.ts";
import { InvalidArgumentError, NotInitializedError } from "../errors/index.ts";
import { currentSession } from "../loop.ts";
import { asKlawError, native } from "../native/index.ts";
import { checkMethodOptions, groupNumber, type ActorFacts } from "./facts.ts";
import type { CallOptions, MethodOptions } from "./options.ts";

type Method = (...args: unknown[]) => Promise<unknown>;
type MethodWithOptions = Method & { options(options: CallOptions): Method };

/** What is behind a handle. */
export class HandleState {
  readonly facts: ActorFacts;
  /** The actor's number in this thread, in the session in which it got it. */
  readonly number: number;
  /** The actor lives as long as somebody has a sender like this. */
  readonly life: SendingEnd<never>;
  readonly #session: object | undefined = currentSession();
  /** Numbers of the addon for calls with these options. */
  readonly #callees = new Map<string, number>();
  readonly #methods: (MethodWithOptions | undefined)[] = [];

  constructor(facts: ActorFacts, number: number, life: SendingEnd<never>) {
    this.facts = facts;
    this.number = number;
    this.life = life;
    released.register(this, { callees: this.#callees, session: this.#session });
  }

  /** The actor's number, while this thread is in its session. */
  get open(): number {
    if (this.#session === currentSession()) return this.number;
    throw new NotInitializedError("this handle is of a session that this thread has left: get another one");
  }

  method(index: number): MethodWithOptions {
    return (this.#methods[index] ??= this.#makeMethod(index));
  }

  #makeMethod(index: number): MethodWithOptions {
    const { name } = this.facts.methods[index]!;
    const ofMethod = this.facts.perMethod[name] ?? {};
    const bound = this.#bind(index, ofMethod, undefined);
    const options = (of: CallOptions): Method => {
      checkMethodOptions(this.facts, of);
      const { signal, timeoutMs, ...method } = of;
      return this.#bind(index, { ...ofMethod, ...method }, { signal, timeoutMs });
    };
    return Object.defineProperties(bound, {
      name: { value: name },
      options: { value: options },
    }) as MethodWithOptions;
  }

  #bind(index: number, options: MethodOptions, wait: WaitOptions | undefined): Method {
    let callee: number | undefined;
    const number = (): number => {
      // A number of another session would name something else.
      const actor = this.open;
      return (callee ??= this.#callee(actor, options));
    };
    return (...args) => call(number, index, args, this, wait);
  }

  #callee(actor: number, options: MethodOptions): number {
    const { facts } = this;
    const {
      maxTaskRetries = facts.maxTaskRetries,
      retryExceptions = false,
      concurrencyGroup: group,
    } = options;
    const key = `${group ?? ""}\n${maxTaskRetries}\n${retryExceptions}`;
    const known = this.#callees.get(key);
    if (known !== undefined) return known;
    const callee = native.callee({
      actor,
      ordered: facts.ordered,
      group: groupNumber(facts, group),
      cpus: 0,
      maxRetries: retries(maxTaskRetries),
      retryErrors: retryExceptions,
      failWhileRestarting: false,
      maxPending: facts.maxPendingCalls,
    });
    this.#callees.set(key, callee);
    return callee;
  }
}

/** As the addon counts: none for ever. */
export function retries(max: number): number | undefined {
  return max < 0 ? undefined : max;
}

/** The addon's numbers of handles that nobody has any more. */
const released = new FinalizationRegistry<{ callees: Map<string, number>; session: object | undefined }>(
  ({ callees, session }) => {
    if (session === currentSession()) for (const callee of callees.values()) native.dropCallee(callee);
  },
);

const STATE: unique symbol = Symbol("klaw.actor");

interface Handle {
  readonly [STATE]: HandleState;
}

/** What all handles are; none is made of it alone. */
export class ActorHandleBase implements AsyncDisposable {
  declare readonly [STATE]: HandleState;

  async [Symbol.asyncDispose](): Promise<void> {
    await ending.terminate(this[STATE], undefined);
  }
}

/** What ends an actor: set by the module that does, which needs handles. */
export const ending: { terminate: (state: HandleState, graceMs: number | undefined) => Promise<void> } = {
  terminate: () => Promise.reject(new NotInitializedError()),
};

Object.defineProperty(ActorHandleBase.prototype, inspect.custom, {
  value(this: Handle): string {
    return `ActorHandle (${this[STATE].facts.label})`;
  },
});

/** Classes of handles, by what makes them different. */
const prototypes = new Map<string, object>();

/** The handle of an actor. */
export function makeHandle(facts: ActorFacts, number: number, life: SendingEnd<never>): object {
  const state = new HandleState(facts, number, life);
  return Object.create(prototypeFor(facts), { [STATE]: { value: state } }) as object;
}

/** What is behind a handle. */
export function stateOf(handle: unknown, called: string): HandleState {
  const state = typeof handle === "object" && handle !== null ? (handle as Partial<Handle>)[STATE] : undefined;
  if (state !== undefined) return state;
  throw new InvalidArgumentError(`${called} was given ${inspect(handle, { depth: 0 })}, expected a handle of an actor`);
}

function prototypeFor({ label, methods }: ActorFacts): object {
  const key = JSON.stringify([label, methods]);
  const known = prototypes.get(key);
  if (known !== undefined) return known;
  const prototype = Object.create(ActorHandleBase.prototype) as object;
  methods.forEach(({ name }, index) => {
    Object.defineProperty(prototype, name, {
      enumerable: true,
      get(this: Handle): MethodWithOptions {
        return this[STATE].method(index);
      },
    });
  });
  // `constructor` would be a name that is no method.
  Object.defineProperty(prototype, "constructor", { value: undefined });
  registerLike(prototype, ActorHandleBase);
  prototypes.set(key, prototype);
  return prototype;
}

interface Travelling {
  readonly owner: number;
  readonly number: number;
  readonly facts: ActorFacts;
  readonly life: SendingEnd<never>;
}

registerSerializer(ActorHandleBase, {
  name: "klaw-runtime.ActorHandle",
  encode(handle): Travelling {
    const { facts, life, open } = handle[STATE];
    const [owner, number] = native.actorName(open);
    return { owner, number, facts, life };
  },
  decode({ owner, number, facts, life }: Travelling): ActorHandleBase {
    try {
      return makeHandle(facts, native.actorNumber(owner, number), life) as ActorHandleBase;
    } catch (error) {
      throw asKlawError(error);
    }
  },
});
