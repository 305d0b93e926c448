/** Names a class in every copy of the package: `instanceof` asks for this mark, not for a prototype. */
const BRAND_PREFIX = "klaw-runtime.error.";

/** The symbol that instances of the error class `name` carry, the same in every copy of the package. */
export function errorBrand(name: string): symbol {
  return Symbol.for(BRAND_PREFIX + name);
}

/**
 * Marks `errorClass`, so that `instanceof` holds across copies of the package.
 *
 * A method `Symbol.hasInstance` is inherited by users' subclasses, which have no mark of their own: for those the
 * language's own rule is right.
 */
export function brandErrorClass(errorClass: abstract new (...args: never[]) => Error): void {
  const brand = errorBrand(errorClass.name);
  const { prototype } = errorClass;
  Object.defineProperty(prototype, brand, { value: true });
  Object.defineProperty(prototype, "name", { value: errorClass.name, configurable: true, writable: true });
  Object.defineProperty(errorClass, Symbol.hasInstance, {
    value(this: unknown, candidate: unknown): boolean {
      if (this !== errorClass) return Function.prototype[Symbol.hasInstance].call(this as never, candidate);
      return typeof candidate === "object" && candidate !== null && brand in candidate;
    },
  });
}

/** What every error of this package is made from. */
export interface KlawErrorOptions {
  /** What led to it, of any type. */
  readonly cause?: unknown;
  /** Facts for programs: sizes in bytes, limits, names. Plain data. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/**
 * The base of all errors that this package throws on its own account.
 *
 * `code` is stable over versions and starts with `ERR_KLAW_`; `message` says what happened, what was expected and what
 * to do, and may change. `instanceof` holds across copies of the package.
 *
 * @example
 * ```ts
 * const error = new KlawError("ERR_KLAW_OS", "open failed", { details: { subject: "lock" } });
 * error instanceof KlawError; // true
 * error.details.subject; // "lock"
 * ```
 */
export class KlawError extends Error {
  /** Stable, `ERR_KLAW_…`. */
  readonly code: string;
  /** Facts for programs; empty if there are none. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: KlawErrorOptions = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.details = options.details ?? {};
  }
}

brandErrorClass(KlawError);
