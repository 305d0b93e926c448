/**
 * What users call: a function whose calls run elsewhere, with `remote` beside it.
 *
 * @module
 */
import { streamRefs } from "./refs-of-stream.ts";
import { stream } from "./stream.ts";
import { call, callForRef, type Calling } from "./submit.ts";

type Called = (...args: unknown[]) => unknown;

/** A function that calls, by the kind of what it calls. */
export interface Callable extends Called {
  readonly remote: Called;
}

export function callable(calling: Calling, kind: "call" | "stream"): Callable {
  const [awaited, remote]: [Called, Called] =
    kind === "stream"
      ? [(...args) => stream(calling, args), (...args) => streamRefs(calling, args)]
      : [(...args) => call(calling, args), (...args) => callForRef(calling, args)];
  return Object.assign(awaited, { remote });
}
