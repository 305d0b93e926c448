/**
 * Ray's programming model for TypeScript, between processes of one machine.
 *
 * @module
 */
export {
  actor,
  getActor,
  kill,
  terminate,
  type ActorClass,
  type ActorDefaults,
  type ActorFactory,
  type ActorHandle,
  type ActorOptions,
  type CallOptions,
  type HandleOf,
  type MethodOptions,
} from "./actors/index.ts";
export {
  channel,
  move,
  type ChannelOptions,
  type Receiver,
  type SchemaChannelOptions,
  type Sender,
  type WaitOptions,
} from "./channel/index.ts";
export { isDriver, runtimeContext, self, type RuntimeContext } from "./context.ts";
export { registerSerializer, type SerializerOptions } from "./codec/index.ts";
export {
  ActorAlreadyExistsError,
  ActorDiedError,
  ActorNotFoundError,
  ActorUnavailableError,
  ChannelClosedError,
  ChannelFullError,
  ChannelTimeoutError,
  DefinitionNotFoundError,
  GetTimeoutError,
  InvalidArgumentError,
  KlawError,
  NotInitializedError,
  PendingCallsLimitExceededError,
  ProtocolVersionError,
  RuntimeLostError,
  SchemaError,
  SerializationError,
  ShmExhaustedError,
  TaskCancelledError,
  TaskError,
  TaskUnschedulableError,
  ValueTooLargeError,
  WorkerCrashedError,
} from "./errors/index.ts";
export {
  asCompleted,
  cancel,
  get,
  wait,
  type ObjectRef,
  type ObjectRefGenerator,
  type Stream,
} from "./objects/index.ts";
export type { StandardSchemaV1 } from "./schema/index.ts";
export { task, type Task, type TaskDefaults, type TaskOptions } from "./tasks/index.ts";
export { init, type InitOptions, type Runtime, type ShutdownOptions } from "./runtime.ts";
