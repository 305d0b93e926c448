import { types } from "node:util";

import { refused } from "../failure.ts";
import { isNative, isReferencePrototype, registeredByPrototype } from "../registry.ts";
import type { Staging } from "../staging.ts";
import { VIEW_KINDS } from "../views.ts";
import { writeArray } from "./arrays.ts";
import { boxedWriter, writeDate, writeRegExp, writeSearchParams, writeUrl } from "./builtins.ts";
import { viewWriter, writeArrayBuffer } from "./bytes.ts";
import { writeMap, writeSet } from "./collections.ts";
import { writeError } from "./errors.ts";
import { writeInstance, writeReference } from "./instances.ts";
import { writeNullPrototypeObject, writeRecord } from "./objects.ts";
import { refusalOf } from "./refusal.ts";

/** Writes what stands behind the number of an object that is met for the first time. */
export type Writer = (staging: Staging, value: object) => void;

const BUILT_IN = new Map<object, Writer>([
  [Array.prototype, writeArray],
  [Map.prototype, writeMap],
  [Set.prototype, writeSet],
  [Date.prototype, writeDate],
  [RegExp.prototype, writeRegExp],
  [URL.prototype, writeUrl],
  [URLSearchParams.prototype, writeSearchParams],
  [ArrayBuffer.prototype, writeArrayBuffer],
  [Boolean.prototype, boxedWriter(Boolean.prototype.valueOf as never)],
  [Number.prototype, boxedWriter(Number.prototype.valueOf as never)],
  [String.prototype, boxedWriter(String.prototype.valueOf as never)],
  [BigInt.prototype, boxedWriter(BigInt.prototype.valueOf as never)],
  [DOMException.prototype, writeError],
  ...VIEW_KINDS.flatMap(({ prototype }, kind): [object, Writer][] =>
    prototype === undefined ? [] : [[prototype, viewWriter(kind)]],
  ),
]);

/** The writer for an object that is not a plain one of this realm. Throws a `Failure` if it cannot travel. */
export function writerFor(value: object, prototype: object | null): Writer {
  if (prototype === null) {
    if (types.isModuleNamespaceObject(value)) throw refused(refusalOf(value));
    return writeNullPrototypeObject;
  }
  const builtIn = BUILT_IN.get(prototype);
  if (builtIn !== undefined) return genuine(value, builtIn);
  if (isReferencePrototype(prototype)) return writeReference;
  const registered = registeredByPrototype(prototype);
  if (registered !== undefined && !(registered.isError && registered.convert === undefined))
    return writeInstance;
  if (types.isNativeError(value)) return writeError;
  const foreign = writerOfOtherRealm(prototype);
  if (foreign !== undefined) return genuine(value, foreign);
  throw refused(refusalOf(value));
}

// An array's prototype can be had by any object, and by a Proxy of a Map, whose methods then fail.
function genuine(value: object, writer: Writer): Writer {
  if (writer === writeArray && !Array.isArray(value)) throw refused(refusalOf(value));
  return writer;
}

/** Objects of another realm (`node:vm`, test runners) have other prototypes of the same names. */
function writerOfOtherRealm(prototype: object): Writer | undefined {
  const made: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  if (!isNative(made)) return undefined;
  const { name } = made as Function;
  if (name === "Object" && Object.getPrototypeOf(prototype) === null) return writeRecord as Writer;
  const ours: unknown = (globalThis as Record<string, unknown>)[name];
  return typeof ours === "function" ? BUILT_IN.get(ours.prototype as object) : undefined;
}
