/**
 * Handles: an actor as an object with its methods.
 *
 * @module
 */
import { inspect } from "node:util";

import { callable, type Callable } from "../calls/callable.ts";
import { SendingEnd } from "../channel/sender.ts";
import type { WaitOptions } from "../channel/wait.ts";
import { registerLike, registerSerializer } from "../codec/index.ts";
import { InvalidArgumentError, NotInitializedError } from "../errors/index.ts";
import { currentSession, onLeave } from "../loop.ts";
import { asKlawError, native } from "../native/index.ts";
import { checkMethodOptions, groupNumber, type ActorFacts } from "./facts.ts";
import { isAwaited } from "./lives.ts";
import type { CallOptions, MethodOptions } from "./options.ts";

type MethodWithOptions = Callable & { options(options: CallOptions): Callable };

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
    held.set(number, (held.get(number) ?? 0) + 1);
    released.register(this, { number, callees: this.#callees, session: this.#session });
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
    const options = (of: CallOptions): Callable => {
      checkMethodOptions(this.facts, of);
      const { signal, timeoutMs, ...method } = of;
      return this.#bind(index, { ...ofMethod, ...method }, { signal, timeoutMs });
    };
    return Object.defineProperties(bound, {
      name: { value: name },
      options: { value: options },
    }) as MethodWithOptions;
  }

  #bind(index: number, options: MethodOptions, wait: WaitOptions | undefined): Callable {
    const { kind } = this.facts.methods[index]!;
    let callee: number | undefined;
    const number = (): number => {
      // A number of another session would name something else.
      const actor = this.open;
      return (callee ??= this.#callee(actor, options, kind === "stream"));
    };
    return callable({ callee: number, method: index, keeps: this, wait }, kind);
  }

  #callee(actor: number, options: MethodOptions, isStream: boolean): number {
    const { facts } = this;
    const {
      maxTaskRetries = facts.maxTaskRetries,
      retryExceptions = false,
      concurrencyGroup: group,
      whileRestarting = "wait",
    } = options;
    const key = [group, maxTaskRetries, retryExceptions, whileRestarting, isStream].join("\n");
    const known = this.#callees.get(key);
    if (known !== undefined) return known;
    const callee = native.callee({
      actor,
      ordered: facts.ordered,
      group: groupNumber(facts, group),
      cpus: 0,
      // What was streamed once would come again.
      maxRetries: isStream ? 0 : retries(maxTaskRetries),
      retryErrors: retryExceptions && !isStream,
      failWhileRestarting: whileRestarting === "fail",
      maxPending: facts.maxPendingCalls ?? null,
      definition: null,
    });
    this.#callees.set(key, callee);
    return callee;
  }
}

/** As the addon counts: none for ever. */
export function retries(max: number): number | null {
  return max < 0 ? null : max;
}

interface Released {
  readonly number: number;
  readonly callees: Map<string, number>;
  readonly session: object | undefined;
}

/** How many handles of an actor this thread has. */
const held = new Map<number, number>();
onLeave(() => held.clear());

/** What the addon keeps for handles that nobody has any more. */
const released = new FinalizationRegistry<Released>(({ number, callees, session }) => {
  if (session !== currentSession()) return;
  for (const callee of callees.values()) native.dropCallee(callee);
  const left = held.get(number)! - 1;
  if (left > 0) held.set(number, left);
  else held.delete(number);
  // Whoever waits for its end has to be told of it.
  if (left === 0 && !isAwaited(number)) native.forgetActor(number);
});

/** What all handles are; each class of actors has a subclass with its methods. */
export class ActorHandleBase implements AsyncDisposable {
  readonly #state: HandleState;

  constructor(state: HandleState) {
    this.#state = state;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await ending.terminate(this.#state, undefined);
  }

  /** What is behind a handle; undefined for anything else. */
  static stateOf(handle: unknown): HandleState | undefined {
    return typeof handle === "object" && handle !== null && #state in handle ? handle.#state : undefined;
  }
}

/** What ends an actor: set by the module that does, which needs handles. */
export const ending: { terminate: (state: HandleState, graceMs: number | undefined) => Promise<void> } = {
  terminate: () => Promise.reject(new NotInitializedError()),
};

Object.defineProperty(ActorHandleBase.prototype, inspect.custom, {
  value(this: ActorHandleBase): string {
    return `ActorHandle (${ActorHandleBase.stateOf(this)?.facts.label})`;
  },
});

type HandleClass = new (state: HandleState) => ActorHandleBase;

/** Classes of handles, by what makes them different. */
const classes = new Map<string, HandleClass>();

/** The handle of an actor. */
export function makeHandle(facts: ActorFacts, number: number, life: SendingEnd<never>): ActorHandleBase {
  return new (classFor(facts))(new HandleState(facts, number, life));
}

/** What is behind a handle. */
export function stateOf(handle: unknown, called: string): HandleState {
  const state = ActorHandleBase.stateOf(handle);
  if (state !== undefined) return state;
  throw new InvalidArgumentError(
    `${called} was given ${inspect(handle, { depth: 0 })}, expected a handle of an actor`,
  );
}

function classFor({ label, methods }: ActorFacts): HandleClass {
  const key = JSON.stringify([label, methods]);
  const known = classes.get(key);
  if (known !== undefined) return known;
  const made = class extends ActorHandleBase {};
  methods.forEach(({ name }, index) => {
    Object.defineProperty(made.prototype, name, {
      enumerable: true,
      get(this: ActorHandleBase): MethodWithOptions {
        return ActorHandleBase.stateOf(this)!.method(index);
      },
    });
  });
  // It is no method, and a handle has nothing else by name.
  Reflect.deleteProperty(made.prototype, "constructor");
  registerLike(made.prototype, ActorHandleBase);
  classes.set(key, made);
  return made;
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
    const { facts, life, open } = stateOf(handle, "a message");
    const [owner, number] = native.actorName(open);
    return { owner, number, facts, life };
  },
  decode({ owner, number, facts, life }: Travelling): ActorHandleBase {
    try {
      return makeHandle(facts, native.actorNumber(owner, number), life);
    } catch (error) {
      throw asKlawError(error);
    }
  },
});
