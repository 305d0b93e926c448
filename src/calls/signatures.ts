import type { Receiver } from "../channel/index.ts";
import type { ObjectRef, ObjectRefGenerator, Stream } from "../objects/types.ts";

/** Any function. */
export type AnyFunction = (...args: any[]) => any;

type IsAny<T> = 0 extends 1 & T ? true : false;

/**
 * A parameter of the type ObjectRef would never get one: references in the list of arguments are resolved. Take the value itself, or
 * put the reference into an array or object.
 */
interface RefParameterMustBeNested {
  readonly "references arrive as their values: take the value, or nest the reference": never;
}

/** What may be given for a parameter: its value, or a reference to one. */
export type Arg<T> =
  IsAny<T> extends true
    ? any
    : [Extract<T, ObjectRef<any>>] extends [never]
      ? T | ObjectRef<T>
      : RefParameterMustBeNested;

/** The same for a list of parameters. */
export type Args<A extends readonly unknown[]> = { [K in keyof A]: Arg<A[K]> };

type Streams = AsyncIterable<any, any, any> | Generator<any, any, any>;
type Item<R> =
  R extends AsyncIterable<infer T, any, any> ? T : R extends Generator<infer T, any, any> ? T : never;

/** Of a function that never returns there is nothing to iterate; a receiver can be iterated, and travels as it is. */
type IsStream<R> = [R] extends [never]
  ? false
  : [R] extends [Receiver<any>]
    ? false
    : [R] extends [Streams]
      ? true
      : false;

/** What an awaited call gives for a function that returns `R`. */
export type Called<R> =
  IsAny<R> extends true ? Promise<any> : IsStream<R> extends true ? Stream<Item<R>> : Promise<Awaited<R>>;

/** What `remote` gives for a function that returns `R`. */
export type Reffed<R> =
  IsAny<R> extends true
    ? ObjectRef<any>
    : IsStream<R> extends true
      ? ObjectRefGenerator<Item<R>>
      : ObjectRef<Awaited<R>>;

/**
 * The signatures of a function, each with its parameters and result; at most four, because TypeScript infers overloads only where
 * their number is known. Type parameters become `unknown`.
 */
export type Signatures<F> = F extends {
  (...args: infer A1): infer R1;
  (...args: infer A2): infer R2;
  (...args: infer A3): infer R3;
  (...args: infer A4): infer R4;
}
  ? Distinct<[[A1, R1], [A2, R2], [A3, R3], [A4, R4]]>
  : [];

/** Where there are fewer than asked for, TypeScript repeats the first: shown as overloads they would puzzle. */
export type Distinct<L extends readonly unknown[]> = L extends [infer First, infer Second, ...infer Rest]
  ? Same<First, Second> extends true
    ? Distinct<[Second, ...Rest]>
    : [First, ...Distinct<[Second, ...Rest]>]
  : L;

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Overloads of the awaited call. */
export type CallOf<L> = L extends [[infer A extends unknown[], infer R], ...infer Rest]
  ? ((...args: Args<A>) => Called<R>) & CallOf<Rest>
  : unknown;

/** Overloads of `remote`. */
export type RemoteOf<L> = L extends [[infer A extends unknown[], infer R], ...infer Rest]
  ? ((...args: Args<A>) => Reffed<R>) & RemoteOf<Rest>
  : unknown;

/** A function that runs elsewhere: called it gives the value, by `remote` a reference to it. */
export type Callable<F> = CallOf<Signatures<F>> & {
  /** Calls it and gives a reference to the result at once, so that another call can take it. */
  readonly remote: RemoteOf<Signatures<F>>;
};
