export { KlawError, type KlawErrorOptions } from "./base.ts";
export {
  ActorAlreadyExistsError,
  ActorDiedError,
  ActorNotFoundError,
  ActorUnavailableError,
  GetTimeoutError,
  PendingCallsLimitExceededError,
  RuntimeLostError,
  TaskCancelledError,
  TaskError,
  TaskUnschedulableError,
  WorkerCrashedError,
} from "./calls.ts";
export { ChannelClosedError, ChannelFullError, ChannelTimeoutError } from "./channel.ts";
export { DefinitionNotFoundError } from "./definition.ts";
export { NATIVE_CODES, errorFromNative, type NativeFailure } from "./native.ts";
export { propertyStep } from "./path.ts";
export { attachRemoteStack, isRemoteError, originStack, type RemoteError } from "./remote.ts";
export { SchemaError, type SchemaIssue } from "./schema.ts";
export { NotInitializedError, ProtocolVersionError, ShmExhaustedError } from "./runtime.ts";
export {
  InvalidArgumentError,
  SerializationError,
  ValueTooLargeError,
  type SerializationCode,
} from "./value.ts";
