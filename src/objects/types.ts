import type { ReadableStream } from "node:stream/web";

declare const refBrand: unique symbol;

/**
 * Stands for an object: the value of a call's result or of a `put`, there or yet to come, in whatever process it is. Not thenable,
 * so that async functions can return one.
 *
 * A plain value: as an argument of a call it is resolved to its object before the call runs; inside of an array or object, in a
 * return value or a message, it stays a reference.
 */
export interface ObjectRef<out T> extends Disposable {
  readonly [refBrand]: T;
  /** Lets go of the object, which is freed once nobody holds it. Else garbage collection does. Releasing again does nothing. */
  release(): void;
  [Symbol.dispose](): void;
}

/** The items of a call that streams, each as a reference. An error of the call is one last reference that rejects. */
export interface ObjectRefGenerator<out T> extends AsyncIterable<ObjectRef<T>, void, void> {
  /** Ends the call where it runs: its `finally` blocks run. */
  cancel(reason?: unknown): Promise<void>;
}

/**
 * The items of a call that streams, as they come. An error of the call is thrown by the iteration. Leaving the loop, `return()` and
 * abort end the call where it runs, and its `finally` blocks run.
 */
export interface Stream<out T> extends AsyncIterableIterator<T, void, void>, AsyncDisposable {
  /** The same as a Web stream; cancelling it ends the call. */
  readable(): ReadableStream<T>;
}
