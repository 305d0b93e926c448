import { KlawError, brandErrorClass, type KlawErrorOptions } from "./base.ts";

/** Why a value did not get through, by the stable code. */
export type SerializationCode =
  /** It holds something that cannot travel; `path` says where. */
  | "ERR_KLAW_SERIALIZATION"
  /** It holds an instance of a class that was not registered here. */
  | "ERR_KLAW_CLASS_NOT_REGISTERED"
  /** The bytes are none that this version writes. */
  | "ERR_KLAW_VALUE_CORRUPT"
  /** An encode function sent a message over the staging buffer that its own message was being written into. */
  | "ERR_KLAW_REENTRANT_ENCODE";

/**
 * A value cannot be sent, or a message cannot be read. Nothing was sent; of a message, nothing was handed out.
 *
 * @example
 * ```ts
 * const error = new SerializationError("functions cannot travel", "args[0].items[3].cb");
 * error.path; // "args[0].items[3].cb"
 * ```
 */
export class SerializationError extends KlawError {
  /** Where in the value: `args[0].items[3].cb`. */
  readonly path: string;

  constructor(
    message: string,
    path: string,
    options: KlawErrorOptions & { readonly code?: SerializationCode } = {},
  ) {
    super(options.code ?? "ERR_KLAW_SERIALIZATION", message, options);
    this.path = path;
  }
}

/** A value can never fit where it was to go, not even when nothing else is there. */
export class ValueTooLargeError extends KlawError {
  /** What it needs, in bytes. */
  readonly bytes: number;
  /** What fits, in bytes. */
  readonly limitBytes: number;

  constructor(bytes: number, limitBytes: number, message?: string, options?: KlawErrorOptions) {
    super(
      "ERR_KLAW_VALUE_TOO_LARGE",
      message ??
        `a value of ${bytes} bytes can never fit: the limit here is ${limitBytes}; raise the limit, or split it`,
      options,
    );
    this.bytes = bytes;
    this.limitBytes = limitBytes;
  }
}

/** An argument or option has a value that it cannot have. */
export class InvalidArgumentError extends KlawError {
  constructor(message: string, options: KlawErrorOptions & { readonly code?: string } = {}) {
    super(options.code ?? "ERR_KLAW_INVALID_ARGUMENT", message, options);
  }
}

for (const errorClass of [SerializationError, ValueTooLargeError, InvalidArgumentError]) {
  brandErrorClass(errorClass);
}
