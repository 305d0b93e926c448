export { actor, getActor } from "./actor.ts";
export { kill, terminate } from "./end.ts";
export type { ActorDefaults, ActorOptions, CallOptions, MethodOptions } from "./options.ts";
export type { ActorClass, ActorFactory, ActorHandle, HandleOf } from "./types.ts";
