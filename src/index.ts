/**
 * Ray's programming model for TypeScript, between processes of one machine.
 *
 * @module
 */
export {
  channel,
  move,
  type ChannelOptions,
  type Receiver,
  type Sender,
  type WaitOptions,
} from "./channel/index.ts";
export { registerSerializer, type SerializerOptions } from "./codec/index.ts";
export {
  ChannelClosedError,
  ChannelFullError,
  ChannelTimeoutError,
  InvalidArgumentError,
  KlawError,
  NotInitializedError,
  ProtocolVersionError,
  SerializationError,
  ShmExhaustedError,
  ValueTooLargeError,
} from "./errors/index.ts";
export { init, type InitOptions, type Runtime } from "./runtime.ts";
