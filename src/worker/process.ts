/**
 * Whether this process is a worker, and how others are started.
 *
 * @module
 */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";

import { processWide } from "../process-wide.ts";
import type { AgentOptions, Joined } from "../native/index.ts";
import { CPU, setSettings } from "../settings.ts";

/** What a worker is told by its environment. */
export interface WorkerOptions {
  readonly argv: string[];
  readonly busyPollUs: number;
  readonly namespace: string;
}

const OPTIONS = "KLAW_OPTIONS";
/** Set by the agent: its port, the worker, the row of the run table. */
const PLACE = "KLAW_PLACE";
const SPARE_WORKERS = 1;
/** Members of a session at most, with room for drivers. */
const MAX_WORKERS = 240;
const IDLE_MS = 1_000;
const START_TIMEOUT_MS = 60_000;

const worker = processWide<{ joined: Joined | undefined }>("worker.1", () => ({ joined: undefined }));

/** The session of this worker; undefined in a driver. */
export function workerSession(): Joined | undefined {
  return worker.joined;
}

/** The agent's name for this worker; undefined in a driver. */
export function workerNumber(): string | undefined {
  return process.env[PLACE]?.split(":")[1];
}

/** To be called first of all. */
export function beWorker(joined: Joined, namespace: string): void {
  worker.joined = joined;
  setSettings({ namespace, numCpus: undefined });
}

/** What was given to a worker. */
export function workerOptions(): WorkerOptions {
  return JSON.parse(process.env[OPTIONS] ?? "{}") as WorkerOptions;
}

/** How a session's agent starts workers. */
export function agentOptions(numCpus: number, options: Omit<WorkerOptions, "argv">): AgentOptions {
  const told: WorkerOptions = { argv: process.argv, ...options };
  return {
    program: process.execPath,
    args: [...workerFlags(process.execArgv), bootstrap()],
    env: [OPTIONS, JSON.stringify(told)],
    cpus: Math.round(numCpus * CPU),
    spareWorkers: SPARE_WORKERS,
    maxWorkers: MAX_WORKERS,
    idleMs: IDLE_MS,
    startTimeoutMs: START_TIMEOUT_MS,
  };
}

declare const require: unknown;

/** The program of a worker. */
function bootstrap(): string {
  const program = typeof require === "undefined" ? "./bootstrap.js" : "./bootstrap.cjs";
  return fileURLToPath(new URL(program, import.meta.url));
}

export function defaultCpus(): number {
  return availableParallelism();
}

/** Flags of Node.js that say what to run, or that two processes can't both have. */
const NOT_FOR_WORKERS =
  /^(?:-e|--eval|-p|--print|-pe|-c|--check|-i|--interactive|--test\b.*|--watch.*|--inspect.*|--debug.*|--cpu-prof.*|--heap-prof.*)(?:=|$)/;
/** Those of them that take the next word. */
const WITH_VALUE = new Set(["-e", "--eval", "-p", "--print", "-pe"]);

function workerFlags(flags: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at < flags.length; at++) {
    const flag = flags[at]!;
    if (!NOT_FOR_WORKERS.test(flag)) kept.push(flag);
    else if (WITH_VALUE.has(flag)) at++;
  }
  return kept;
}
