import { SerializationError, type SerializationCode } from "../errors/index.ts";

/**
 * On its way out of nested values, what went wrong collects the steps of its path, innermost first: the good path pays
 * nothing for it.
 */
export class Failure {
  readonly reason: string;
  readonly code: SerializationCode;
  readonly cause: { readonly value: unknown } | undefined;
  readonly steps: string[] = [];

  constructor(reason: string, code: SerializationCode, cause?: { readonly value: unknown }) {
    this.reason = reason;
    this.code = code;
    this.cause = cause;
  }
}

/** Ends the work on a message with an error that says all by itself; it gets no path. */
export class Aborted {
  readonly error: Error;

  constructor(error: Error) {
    this.error = error;
  }
}

/** A value that cannot travel. */
export function refused(reason: string): Failure {
  return new Failure(reason, "ERR_KLAW_SERIALIZATION");
}

/** User code threw `error` while `what` ran. */
export function threw(what: string, error: unknown): Failure {
  return new Failure(`${what} threw: ${describe(error)}`, "ERR_KLAW_SERIALIZATION", { value: error });
}

/** Bytes that no encoder of this version writes. */
export function corrupt(found: string): Failure {
  return new Failure(`${found}: these bytes are no value of this version`, "ERR_KLAW_VALUE_CORRUPT");
}

/** Adds the step that leads to where `error` was thrown. To be rethrown. */
export function within(error: unknown, step: string, unexpected: (error: unknown) => Failure): unknown {
  if (error instanceof Aborted) return error;
  const failure = error instanceof Failure ? error : isStackOverflow(error) ? tooDeep() : unexpected(error);
  failure.steps.push(step);
  return failure;
}

/** What the caller of the codec gets to see of anything thrown inside it. */
export function publicError(
  error: unknown,
  rootName: string,
  verb: "send" | "read",
  unexpected: (error: unknown) => Failure,
): Error {
  if (error instanceof Aborted) return error.error;
  const failure = within(error, rootName, unexpected) as Failure;
  const path = failure.steps.toReversed().join("");
  const { code, reason, cause } = failure;
  const options = cause === undefined ? { code } : { code, cause: cause.value };
  return new SerializationError(`cannot ${verb} ${shortened(path)}: ${reason}`, path, options);
}

/** A path through a thousand levels is for programs; people get its ends. */
function shortened(path: string): string {
  return path.length <= 200 ? path : `${path.slice(0, 100)} … ${path.slice(-100)}`;
}

function isStackOverflow(error: unknown): boolean {
  return error instanceof RangeError && /call stack/i.test(error.message);
}

function tooDeep(): Failure {
  return refused(
    "the stack has no room for a value as deep as this; make it flatter, or call from less deep",
  );
}

/** The step to the value of a Map's entry: by its key if that can be read, else by its place. */
export function mapValueStep(key: unknown, index: number): string {
  switch (typeof key) {
    case "string":
      return `.get(${JSON.stringify(key)})`;
    case "number":
    case "boolean":
      return `.get(${key})`;
    case "bigint":
      return `.get(${key}n)`;
    default:
      return `.values()[${index}]`;
  }
}

/** Any thrown value in a few words; never throws. */
export function describe(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  } catch {
    return "a value that cannot be shown";
  }
}
