export { callingScript } from "./caller.ts";
export { checkActorClass } from "./check.ts";
export { define } from "./define.ts";
export { load, reachedInit } from "./load.ts";
export type { Definition, DefinitionIdentity, DefinitionKind, DefinitionOptions } from "./types.ts";
