import type { AnyFunction, Args, Callable, Distinct } from "../calls/signatures.ts";
import type { ActorOptions, CallOptions } from "./options.ts";

declare const classBrand: unique symbol;

/** A class that can be made: neither abstract nor with a private constructor. */
export type AnyConstructor = new (...args: any[]) => any;

type MethodKey<T> = { [K in keyof T & string]: [T[K]] extends [AnyFunction] ? K : never }[keyof T & string];

/** The names of the methods of a class. */
export type MethodName<C> = C extends AnyConstructor ? MethodKey<InstanceType<C>> : never;

/** A method of an actor, called from any process. */
export type ActorMethodOf<F> = Callable<F> & {
  /** The same method with these options: `handle.read.options({ timeoutMs: 100 })(key)`, or `….remote(key)`. */
  options(options: CallOptions): Callable<F>;
};

/**
 * An actor, seen from any process: its public methods, and nothing else by name. A plain value that can be passed, returned and
 * stored. An actor ends when its last handle is gone. A field that holds a function is no method, though TypeScript takes it for one.
 *
 * `await using` ends the actor at the end of the block, after the calls that it has got.
 */
export type ActorHandle<T> = {
  readonly [K in Exclude<MethodKey<T>, "then">]: ActorMethodOf<T[K]>;
} & AsyncDisposable;

type ConstructorArgs<C> = C extends {
  new (...args: infer A1): any;
  new (...args: infer A2): any;
  new (...args: infer A3): any;
}
  ? Distinct<[A1, A2, A3]>
  : [];

type Making<L, Made> = L extends [infer A extends unknown[], ...infer Rest]
  ? ((...args: Args<A>) => Made) & Making<Rest, Made>
  : unknown;

/** Makes actors of a class. */
export interface ActorFactory<C extends AnyConstructor> {
  readonly [classBrand]: C;
  /**
   * Makes an actor. Resolves when its constructor has run, and rejects with what that threw. An
   * argument may be an ObjectRef, which is resolved first.
   */
  readonly create: Making<ConstructorArgs<C>, Promise<ActorHandle<InstanceType<C>>>>;
  /**
   * Makes an actor, and gives its handle at once: calls wait until it is there, and reject with an ActorDiedError whose `cause` is what
   * the constructor threw. Throws for an argument that is a reference: its object may not be there yet, and `create` waits for it.
   */
  readonly remote: Making<ConstructorArgs<C>, ActorHandle<InstanceType<C>>>;
}

/** What `actor(Class)` gives. */
export interface ActorClass<C extends AnyConstructor> extends ActorFactory<C> {
  /** Makes actors with these options, which go before those of the definition. */
  options(options: ActorOptions): ActorFactory<C>;
}

/** The type of the handles of an actor class: `HandleOf<typeof Counters>`. */
export type HandleOf<A extends { readonly [classBrand]: AnyConstructor }> = ActorHandle<
  InstanceType<A[typeof classBrand]>
>;
