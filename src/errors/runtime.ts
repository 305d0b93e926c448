import { KlawError, brandErrorClass, type KlawErrorOptions } from "./base.ts";

/** Something was called before `init()`. */
export class NotInitializedError extends KlawError {
  constructor(
    message = "the runtime is not started: call `await init()` once, before anything else of klaw-runtime",
    options?: KlawErrorOptions,
  ) {
    super("ERR_KLAW_NOT_INITIALIZED", message, options);
  }
}

/** The session was made by a version of klaw-runtime that lays out shared memory in another way. */
export class ProtocolVersionError extends KlawError {
  constructor(message: string, options?: KlawErrorOptions) {
    super("ERR_KLAW_PROTOCOL_VERSION", message, options);
  }

  /** The protocol of this build. */
  get ours(): unknown {
    return this.details.ours;
  }

  /** The protocol that the session speaks. */
  get theirs(): unknown {
    return this.details.theirs;
  }
}

/** The file system behind shared memory has no room. Nothing was written. */
export class ShmExhaustedError extends KlawError {
  constructor(message: string, options?: KlawErrorOptions) {
    super("ERR_KLAW_SHM_EXHAUSTED", message, options);
  }
}

for (const errorClass of [NotInitializedError, ProtocolVersionError, ShmExhaustedError]) {
  brandErrorClass(errorClass);
}
