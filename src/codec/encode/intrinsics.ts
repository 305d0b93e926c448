import { refused } from "../failure.ts";
import { refusalOf } from "./refusal.ts";

/**
 * The getter `name` of a built-in prototype, to be asked past anything that an object puts over it. An object that has
 * that prototype and is no such object, as a Proxy, is refused.
 */
export function intrinsicGetter<T>(prototype: object, name: PropertyKey): (value: object) => T {
  return intrinsicMethod<T>(Object.getOwnPropertyDescriptor(prototype, name)!.get as () => T);
}

/** The same for a method without arguments. */
export function intrinsicMethod<T>(method: (this: never) => T): (value: object) => T {
  return (value) => {
    try {
      return method.call(value as never);
    } catch {
      throw refused(refusalOf(value));
    }
  };
}

/** The prototype of all typed arrays. */
export const typedArrayPrototype: object = Object.getPrototypeOf(Uint8Array.prototype) as object;
