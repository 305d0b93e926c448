import { KlawError, type KlawErrorOptions } from "./base.ts";
import {
  ActorDiedError,
  ActorUnavailableError,
  PendingCallsLimitExceededError,
  RuntimeLostError,
  TaskCancelledError,
  WorkerCrashedError,
} from "./calls.ts";
import { ChannelClosedError, ChannelFullError, ChannelTimeoutError } from "./channel.ts";
import { NotInitializedError, ProtocolVersionError, ShmExhaustedError } from "./runtime.ts";
import { InvalidArgumentError, ValueTooLargeError } from "./value.ts";

/** What the native side says when a call fails. */
export interface NativeFailure {
  /** `ERR_KLAW_…`. */
  readonly code: string;
  readonly message: string;
  /** The fields of the native error, by their names there: `wanted_bytes` becomes `details.wantedBytes`. */
  readonly details?: Readonly<Record<string, unknown>>;
}

type Restore = (failure: NativeFailure, options: KlawErrorOptions) => KlawError;

const plain: Restore = ({ code, message }, options) => new KlawError(code, message, options);

const withMessage =
  (errorClass: new (message: string, options: KlawErrorOptions) => KlawError): Restore =>
  ({ message }, options) =>
    new errorClass(message, options);

/** One row for each code that the native side uses. A test compares it with the Rust sources. */
const RESTORE_BY_CODE: ReadonlyMap<string, Restore> = new Map<string, Restore>([
  ["ERR_KLAW_ACTOR_DIED", withMessage(ActorDiedError)],
  ["ERR_KLAW_ACTOR_UNAVAILABLE", withMessage(ActorUnavailableError)],
  ["ERR_KLAW_ALREADY_INITIALIZED", plain],
  ["ERR_KLAW_ARGUMENT_FAILED", plain],
  ["ERR_KLAW_CHANNEL_CLOSED", withMessage(ChannelClosedError)],
  ["ERR_KLAW_CHANNEL_CORRUPT", plain],
  ["ERR_KLAW_CHANNEL_FULL", withMessage(ChannelFullError)],
  ["ERR_KLAW_CHANNEL_NOT_FOUND", plain],
  ["ERR_KLAW_CORRUPT", plain],
  ["ERR_KLAW_END_CLOSED", withMessage(ChannelClosedError)],
  ["ERR_KLAW_FOREIGN_OWNER", plain],
  ["ERR_KLAW_HOST", plain],
  ["ERR_KLAW_INVALID_ARGUMENT", ({ message }, o) => new InvalidArgumentError(message, o)],
  ["ERR_KLAW_INVALID_OPTION", ({ code, message }, o) => new InvalidArgumentError(message, { ...o, code })],
  ["ERR_KLAW_NOT_INITIALIZED", withMessage(NotInitializedError)],
  ["ERR_KLAW_OBJECT_RELEASED", ({ code, message }, o) => new InvalidArgumentError(message, { ...o, code })],
  ["ERR_KLAW_OS", plain],
  ["ERR_KLAW_PANIC", plain],
  ["ERR_KLAW_PENDING_CALLS_LIMIT", withMessage(PendingCallsLimitExceededError)],
  ["ERR_KLAW_PID_NAMESPACE", plain],
  ["ERR_KLAW_PROTOCOL_VERSION", withMessage(ProtocolVersionError)],
  ["ERR_KLAW_RESOURCE_LIMIT", plain],
  ["ERR_KLAW_RUNTIME_LOST", withMessage(RuntimeLostError)],
  ["ERR_KLAW_SEGMENT_INVALID", plain],
  ["ERR_KLAW_SESSION_GONE", plain],
  ["ERR_KLAW_SHM_EXHAUSTED", withMessage(ShmExhaustedError)],
  ["ERR_KLAW_TABLE_FULL", plain],
  ["ERR_KLAW_TASK_CANCELLED", withMessage(TaskCancelledError)],
  ["ERR_KLAW_TIMEOUT", withMessage(ChannelTimeoutError)],
  ["ERR_KLAW_VALUE_TOO_LARGE", valueTooLarge],
  ["ERR_KLAW_WORKER_CRASHED", withMessage(WorkerCrashedError)],
]);

function valueTooLarge({ message }: NativeFailure, options: KlawErrorOptions): KlawError {
  const { bytes, limitBytes } = options.details ?? {};
  return new ValueTooLargeError(Number(bytes), Number(limitBytes), message, options);
}

/** The codes with a row of their own. */
export const NATIVE_CODES: readonly string[] = [...RESTORE_BY_CODE.keys()];

/**
 * The error for a failure of the native side. A code without a class of its own gives a plain {@link KlawError}.
 *
 * @example
 * ```ts
 * const error = errorFromNative({ code: "ERR_KLAW_CHANNEL_CLOSED", message: "the channel is closed" });
 * error instanceof ChannelClosedError; // true
 * ```
 */
export function errorFromNative(failure: NativeFailure): KlawError {
  const restore = RESTORE_BY_CODE.get(failure.code) ?? plain;
  return restore(failure, failure.details === undefined ? {} : { details: camelCased(failure.details) });
}

function camelCased(details: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(details).map(([name, value]) => [
      name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );
}
