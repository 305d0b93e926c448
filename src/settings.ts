/**
 * What `init()` was told, for those who need it later.
 *
 * @module
 */
import { InvalidArgumentError } from "./errors/index.ts";

interface Settings {
  readonly namespace: string;
  /** Of the whole session, if this process made it. */
  readonly numCpus: number | undefined;
}

let settings: Settings = { namespace: "default", numCpus: undefined };

export function setSettings(to: Settings): void {
  settings = to;
}

/** What names are unique in, unless an actor says otherwise. */
export function defaultNamespace(): string {
  return settings.namespace;
}

/** As the addon counts CPUs. */
export const CPU = 10_000;
const MOST_CPUS = 100_000;

/** Throws for what is no number of CPUs. */
export function cpusOf(numCpus: number): number {
  if (typeof numCpus === "number" && numCpus >= 0 && numCpus <= MOST_CPUS) return Math.round(numCpus * CPU);
  throw new InvalidArgumentError(`numCpus is ${String(numCpus)}, expected a number from 0 to ${MOST_CPUS}`);
}

/** All CPUs of the session, if this process knows. */
export function sessionCpus(): number | undefined {
  return settings.numCpus;
}
