import { inspect } from "node:util";

import { InvalidArgumentError } from "../errors/index.ts";
import type { DefinitionKind } from "./types.ts";

/**
 * Refuses what can't be an actor's class or a task's function.
 *
 * @throws InvalidArgumentError
 */
export function checkDefinable(kind: DefinitionKind, value: unknown): asserts value is Function {
  if (kind === "actor") checkActorClass(value);
  else checkTaskFunction(value);
}

/**
 * Refuses what is no class, and one whose handles would be taken for promises.
 *
 * @throws InvalidArgumentError
 */
export function checkActorClass(value: unknown): asserts value is Function & { prototype: object } {
  if (!isClass(value)) {
    const advice = typeof value === "function" ? "; for a function there is task()" : "";
    throw new InvalidArgumentError(
      `actor() was given ${inspect(value)}, expected a class: give it the class itself${advice}`,
    );
  }
  if ("then" in value.prototype) {
    throw new InvalidArgumentError(
      `the class ${value.name} has a member \`then\`, and \`await\` would call it on every handle: give it another name`,
    );
  }
}

function checkTaskFunction(value: unknown): void {
  if (typeof value !== "function") {
    throw new InvalidArgumentError(
      `task() was given ${inspect(value)}, expected a function: give it the function itself, not what it returns`,
    );
  }
  if (isClass(value)) {
    throw new InvalidArgumentError(
      `task() was given the class ${value.name}, expected a function; for a class there is actor()`,
    );
  }
}

/** True for classes, also for those that a compiler made functions of; these have methods on their prototype. */
function isClass(value: unknown): value is Function & { prototype: object } {
  if (typeof value !== "function") return false;
  if (/^class\b/.test(Function.prototype.toString.call(value))) return true;
  const { prototype } = value as { prototype?: unknown };
  if (typeof prototype !== "object" || prototype === null || !isConstructor(value)) return false;
  return Object.getPrototypeOf(prototype) !== Object.prototype || Reflect.ownKeys(prototype).length > 1;
}

/** Generator functions have a prototype too. */
function isConstructor(value: Function): boolean {
  return Object.hasOwn(value.prototype as object, "constructor");
}
