export { task } from "./task.ts";
export type { Task, TaskDefaults, TaskOptions } from "./types.ts";
