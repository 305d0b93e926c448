export { asCompleted, cancel, get, wait } from "./get.ts";
export type { ObjectRef, ObjectRefGenerator, Stream } from "./types.ts";
