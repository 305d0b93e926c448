import { originStack } from "../../errors/index.ts";
import {
  DOM_EXCEPTION,
  ERROR_CLASSES,
  HAS_CAUSE,
  HAS_ERRORS,
  HAS_NAME,
  HAS_STACK,
  IS_REGISTERED,
} from "../error-classes.ts";
import { within } from "../failure.ts";
import { registeredByPrototype } from "../registry.ts";
import type { Staging } from "../staging.ts";
import { ERROR } from "../tags.ts";
import { intrinsicGetter } from "./intrinsics.ts";
import { getterThrew, writeProperties } from "./objects.ts";
import { writeCount, writeTag } from "./scalars.ts";
import { writeString } from "./text.ts";
import { writeValue } from "./value.ts";

const domExceptionName = intrinsicGetter<string>(DOMException.prototype, "name");
const domExceptionMessage = intrinsicGetter<string>(DOMException.prototype, "message");

/** Own properties that are written apart from the other fields. */
const APART: ReadonlySet<string> = new Set(["message", "stack", "remoteStack"]);

/** Writes an error: class, name, message, stack where it was made, cause, errors, and its own enumerable fields. */
export function writeError(staging: Staging, value: object): void {
  const error = value as AggregateError;
  const base = baseOf(error);
  const registered = registeredByPrototype(Object.getPrototypeOf(error) as object);
  const isDomException = base === DOM_EXCEPTION;
  const message = isDomException ? domExceptionMessage(error) : text(error, "message");
  const name = isDomException ? domExceptionName(error) : nameToKeep(error, base, registered !== undefined);
  const stack = read("stack", () => originStack(error));
  const hasCause = hasHidden(error, "cause");
  const hasErrors = hasHidden(error, "errors");
  const bits =
    (hasCause ? HAS_CAUSE : 0) |
    (hasErrors ? HAS_ERRORS : 0) |
    (name === undefined ? 0 : HAS_NAME) |
    (stack === undefined ? 0 : HAS_STACK) |
    (registered === undefined ? 0 : IS_REGISTERED);

  staging.room(3);
  writeTag(staging, ERROR);
  writeTag(staging, base);
  writeTag(staging, bits);
  if (registered !== undefined) writeString(staging, registered.name);
  writeString(staging, message);
  if (name !== undefined) writeString(staging, name);
  if (stack !== undefined) writeString(staging, stack);
  if (hasCause) writePart(staging, error, "cause");
  if (hasErrors) writePart(staging, error, "errors");
  const fields = Object.keys(error).filter((key) => !APART.has(key));
  staging.room(8);
  writeCount(staging, fields.length);
  writeProperties(staging, error as unknown as Record<string, unknown>, fields);
}

/** As the constructors of errors leave it; one that is enumerable is a field like any other. */
function hasHidden(error: Error, key: string): boolean {
  return Object.hasOwn(error, key) && !Object.prototype.propertyIsEnumerable.call(error, key);
}

/** The nearest built-in class. */
function baseOf(error: Error): number {
  let prototype: object | null = Object.getPrototypeOf(error);
  while (prototype !== null) {
    const base = ERROR_CLASSES.findIndex((errorClass) => errorClass.prototype === prototype);
    if (base >= 0) return base;
    prototype = Object.getPrototypeOf(prototype);
  }
  // Of another realm: the class is known by its name alone.
  const base = ERROR_CLASSES.findIndex(({ name }) => name === error.name);
  return Math.max(base, 0);
}

/**
 * The name under which an error of a class that is not there on the other side arrives: what it calls itself, or, if it
 * says nothing of its own, the name of its class. None if the class that it arrives in says the same.
 */
function nameToKeep(error: Error, base: number, isRegistered: boolean): string | undefined {
  if (Object.keys(error).includes("name")) return undefined;
  if (isRegistered && !Object.hasOwn(error, "name")) return undefined;
  const inherited = ERROR_CLASSES[base]!.name;
  const own = text(error, "name");
  if (own !== inherited) return own;
  const made: unknown = read("constructor", () => error.constructor);
  const className = typeof made === "function" ? made.name : inherited;
  return className === inherited || className === "" ? undefined : className;
}

function text(error: Error, key: "name" | "message"): string {
  return read(key, () => String(error[key]));
}

function read<T>(key: string, get: () => T): T {
  try {
    return get();
  } catch (thrown) {
    throw within(thrown, `.${key}`, getterThrew);
  }
}

function writePart(staging: Staging, error: AggregateError, key: "cause" | "errors"): void {
  try {
    writeValue(staging, error[key]);
  } catch (thrown) {
    throw within(thrown, `.${key}`, getterThrew);
  }
}
