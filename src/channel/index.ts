export { channel, type ChannelOptions, type SchemaChannelOptions } from "./channel.ts";
export { move } from "./sharing.ts";
export type { Receiver, Sender } from "./types.ts";
export type { WaitOptions } from "./wait.ts";
