/**
 * What a handle knows of its actor, and takes along wherever it travels.
 *
 * @module
 */
import { checkCount } from "../check.ts";
import { InvalidArgumentError } from "../errors/index.ts";
import type { ActorMethod, ActorShape } from "./methods.ts";
import type { ActorOptions, MethodOptions } from "./options.ts";

/** Plain data. */
export interface ActorFacts {
  /** The class's name, for people. */
  readonly label: string;
  readonly methods: readonly ActorMethod[];
  /** Calls start in the order in which they were submitted. */
  readonly ordered: boolean;
  /** -1: always. */
  readonly maxTaskRetries: number;
  readonly maxPendingCalls: number | undefined;
  /** The default one first, which has no name. */
  readonly groups: readonly ConcurrencyGroup[];
  /** By the method's name. */
  readonly perMethod: Readonly<Record<string, MethodOptions>>;
}

/** Calls that share a limit. */
export interface ConcurrencyGroup {
  readonly name: string;
  /** How many run at once. */
  readonly limit: number;
}

/** More than this a worker has no places for. */
const MOST_RUNS = 1_024;

/** The facts of actors of a class, made with `options`. */
export function factsOf(
  label: string,
  shape: ActorShape,
  options: ActorOptions,
  perMethod: Readonly<Record<string, MethodOptions | undefined>> = {},
): ActorFacts {
  const { maxTaskRetries = 0, maxConcurrency = shape.defaultMaxConcurrency, maxPendingCalls } = options;
  checkCount("maxTaskRetries", maxTaskRetries, -1);
  checkCount("maxConcurrency", maxConcurrency, 1, MOST_RUNS);
  if (maxPendingCalls !== undefined) checkCount("maxPendingCalls", maxPendingCalls, 1);
  const groups = [{ name: "", limit: maxConcurrency }];
  for (const [name, limit] of Object.entries(options.concurrencyGroups ?? {})) {
    checkCount(`concurrencyGroups.${name}`, limit, 1, MOST_RUNS);
    groups.push({ name, limit });
  }
  const { methods } = shape;
  const facts = { label, methods, ordered: maxConcurrency === 1, maxTaskRetries, maxPendingCalls, groups };
  const checked: Record<string, MethodOptions> = {};
  for (const [name, method] of Object.entries(perMethod)) {
    if (!methods.some((known) => known.name === name)) {
      throw new InvalidArgumentError(`the options name the method ${name}, which ${label} does not have`);
    }
    if (method !== undefined) checked[name] = method;
  }
  const all: ActorFacts = { ...facts, perMethod: checked };
  for (const method of Object.values(checked)) checkMethodOptions(all, method);
  return all;
}

/** Throws for options of a call that mean nothing for this actor. */
export function checkMethodOptions(facts: ActorFacts, options: MethodOptions): void {
  const { concurrencyGroup, maxTaskRetries, whileRestarting = "wait" } = options;
  if (whileRestarting !== "wait" && whileRestarting !== "fail") {
    throw new InvalidArgumentError(
      `whileRestarting is ${String(whileRestarting)}, expected "wait" or "fail"`,
    );
  }
  if (maxTaskRetries !== undefined) checkCount("maxTaskRetries", maxTaskRetries, -1);
  if (concurrencyGroup !== undefined) groupNumber(facts, concurrencyGroup);
}

/** The place of a group among those of the actor. */
export function groupNumber(facts: ActorFacts, name: string | undefined): number {
  if (name === undefined) return 0;
  const number = facts.groups.findIndex((group) => group.name === name);
  if (number > 0) return number;
  const known = facts.groups.slice(1).map((group) => group.name);
  throw new InvalidArgumentError(
    `${facts.label} has no concurrency group ${JSON.stringify(name)}; it has ${known.join(", ") || "none"}`,
  );
}
