import { types } from "node:util";

/** Objects that people try to send, and what to do instead. The first that fits is taken. */
const REASONS: readonly (readonly [is: (value: object) => boolean, reason: string])[] = [
  [types.isProxy, "a Proxy of it cannot travel; send the object itself"],
  [types.isPromise, "promises cannot travel; await it first"],
  [types.isWeakMap, "a WeakMap cannot travel; nothing of it can be listed"],
  [types.isWeakSet, "a WeakSet cannot travel; nothing of it can be listed"],
  [(value) => value instanceof WeakRef, "a WeakRef cannot travel; send what it refers to"],
  [types.isGeneratorObject, "generators cannot travel; send an array of what they give"],
  [
    types.isSharedArrayBuffer,
    "a SharedArrayBuffer is memory of one process; send a copy, new Uint8Array(shared).slice()",
  ],
  [(value) => types.isModuleNamespaceObject(value), "modules cannot travel; import it on the other side"],
  [
    (value) => value instanceof AbortSignal,
    "an AbortSignal cannot travel inside a value; send a message to abort",
  ],
  [(value) => value instanceof ReadableStream, "streams cannot travel; send their chunks over a channel"],
  [(value) => value instanceof WritableStream, "streams cannot travel; send their chunks over a channel"],
  [types.isExternal, "it is a pointer into one process"],
];

/** Why this cannot travel, and what to do. Never throws. */
export function refusalOf(value: unknown): string {
  if (typeof value === "function")
    return `${functionName(value)} cannot travel; call it here and send what it gives`;
  if (typeof value === "symbol") return "symbols cannot travel; send a string";
  try {
    return reasonFor(value as object);
  } catch {
    return "it cannot travel: looking at it failed";
  }
}

function reasonFor(value: object): string {
  const known = REASONS.find(([is]) => is(value));
  if (known !== undefined) return known[1];
  const prototype: object = Object.getPrototypeOf(value) as object;
  const made: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  const name = typeof made === "function" && made.name !== "" ? made.name : undefined;
  if (name === undefined) return "it has a prototype of its own, which would be lost; send a plain object";
  return (
    `it is an instance of ${name}, which would arrive without its methods; ` +
    `call registerSerializer(${name}) on both sides, or send a plain object`
  );
}

function functionName(value: Function): string {
  const { name } = value;
  const kind = /^class\b/.test(Function.prototype.toString.call(value)) ? "class" : "function";
  return typeof name === "string" && name !== "" ? `the ${kind} ${name}` : `a ${kind}`;
}
