import { types } from "node:util";

import { checkActorClass } from "../definitions/index.ts";

/** A method that handles have. */
export interface ActorMethod {
  readonly name: string;
  /** `stream`: a generator, async or not, whose items come one by one. `call`: any other, with one result. */
  readonly kind: "call" | "stream";
}

/** What other processes must know of an actor's class. */
export interface ActorShape {
  /** Own methods first, in the order of the class's text, then those of the class that it extends, and so on. */
  readonly methods: readonly ActorMethod[];
  /** How many calls of an instance run at the same time, unless `maxConcurrency` says otherwise. */
  readonly defaultMaxConcurrency: number;
}

/** As in Ray: calls of a class with async methods take turns at their awaits. */
const ASYNC_CONCURRENCY = 1_000;

/**
 * The public methods of a class. Accessors and fields are none, nor are methods with a symbol for a name; `private` methods of
 * TypeScript are, because nothing is left of the word. A compiler that makes plain functions of async ones and of generators
 * (targets before ES2018) hides what they are.
 *
 * @throws InvalidArgumentError for what is no class, or one with a member `then`.
 */
export function actorShape(actorClass: Function): ActorShape {
  checkActorClass(actorClass);
  const functions = new Map<string, Function | undefined>();
  for (const prototype of prototypes(actorClass.prototype)) {
    for (const name of Object.getOwnPropertyNames(prototype)) {
      // What overrides counts, even if it is no method.
      if (!functions.has(name)) functions.set(name, methodOf(prototype, name));
    }
  }
  const methods: ActorMethod[] = [];
  let isAsync = false;
  for (const [name, method] of functions) {
    if (method === undefined) continue;
    methods.push({ name, kind: types.isGeneratorFunction(method) ? "stream" : "call" });
    isAsync ||= types.isAsyncFunction(method);
  }
  return { methods, defaultMaxConcurrency: isAsync ? ASYNC_CONCURRENCY : 1 };
}

function* prototypes(of: object): Generator<object> {
  let prototype: object | null = of;
  // The end of the chain is the Object of whatever realm the class is from.
  while (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    yield prototype;
    prototype = Object.getPrototypeOf(prototype) as object | null;
  }
}

function methodOf(prototype: object, name: string): Function | undefined {
  if (name === "constructor" || name.startsWith("#")) return undefined;
  const value: unknown = Object.getOwnPropertyDescriptor(prototype, name)!.value;
  return typeof value === "function" ? value : undefined;
}
