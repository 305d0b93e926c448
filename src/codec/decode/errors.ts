import { attachRemoteStack } from "../../errors/index.ts";
import {
  AGGREGATE_ERROR,
  ALL_ERROR_BITS,
  DOM_EXCEPTION,
  ERROR_CLASSES,
  HAS_CAUSE,
  HAS_ERRORS,
  HAS_NAME,
  HAS_STACK,
  IS_REGISTERED,
} from "../error-classes.ts";
import { exportedName } from "../exported-errors.ts";
import { corrupt, within } from "../failure.ts";
import { registeredByName } from "../registry.ts";
import { Batch } from "./batch.ts";
import { registeredClass } from "./instances.ts";
import { readFields } from "./objects.ts";
import type { Reader } from "./reader.ts";
import { readText } from "./text.ts";
import { misread } from "./unexpected.ts";
import { readValue } from "./value.ts";

/** An error, made anew in its nearest built-in class, or in the class that is registered under its name. */
export function readError(reader: Reader): Error {
  const base = reader.byte();
  const bits = reader.byte();
  if (base >= ERROR_CLASSES.length || (bits & ~ALL_ERROR_BITS) !== 0)
    throw corrupt(`error class ${base}, bits ${bits}`);
  const className = bits & IS_REGISTERED ? readText(reader) : undefined;
  const message = readText(reader);
  const name = bits & HAS_NAME ? readText(reader) : undefined;
  const error = reader.add(makeError(base, message, name));
  if (className !== undefined) restoreClass(error, className);
  if (name !== undefined && base !== DOM_EXCEPTION) hide(error, "name", name);
  if (bits & HAS_STACK) attachRemoteStack(error, readText(reader), Batch.prototype.decode);
  reader.enter();
  if (bits & HAS_CAUSE) hide(error, "cause", readPart(reader, "cause"));
  if (bits & HAS_ERRORS) hide(error, "errors", readPart(reader, "errors"));
  readFields(reader, error);
  reader.leave();
  return error;
}

function makeError(base: number, message: string, name: string | undefined): Error {
  if (base === DOM_EXCEPTION) return new DOMException(message, name);
  if (base === AGGREGATE_ERROR) return new AggregateError([], message);
  const ErrorClass = ERROR_CLASSES[base] as unknown as ErrorConstructor;
  return new ErrorClass(message);
}

function restoreClass(error: Error, className: string): void {
  const exported = exportedName(className);
  if (exported !== undefined && registeredByName(className) === undefined) {
    // Nobody registered it on purpose, so that its absence is no fault: it arrives as one that isn't registered.
    if (!(error instanceof DOMException)) hide(error, "name", exported);
    return;
  }
  const { prototype, isError } = registeredClass(className);
  if (!isError) throw corrupt(`an error of the class ${className}, which is none`);
  Object.setPrototypeOf(error, prototype);
}

function readPart(reader: Reader, key: "cause" | "errors"): unknown {
  try {
    return readValue(reader);
  } catch (error) {
    throw within(error, `.${key}`, misread);
  }
}

/** As the constructors of errors do: not enumerable. */
function hide(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, enumerable: false, configurable: true });
}
