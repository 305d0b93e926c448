import { types } from "node:util";

/**
 * What differs between two values, by the path to it, or undefined if they are alike: types, prototypes, order of keys,
 * holes, and which objects are one and the same. Stacks are not compared.
 */
export function difference(actual: unknown, expected: unknown): string | undefined {
  const pairs = new Map<object, object>();
  const taken = new Set<object>();

  function compare(a: unknown, b: unknown, path: string): string | undefined {
    if (typeof a !== "object" || a === null || typeof b !== "object" || b === null) {
      return Object.is(a, b) ? undefined : `${path}: ${String(a)} is not ${String(b)}`;
    }
    if (pairs.has(a)) return pairs.get(a) === b ? undefined : `${path}: another object is shared`;
    if (taken.has(b)) return `${path}: an object that was shared is not`;
    pairs.set(a, b);
    taken.add(b);
    if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return `${path}: another prototype`;
    return contents(a, b, path) ?? properties(a, b, path);
  }

  function contents(a: object, b: object, path: string): string | undefined {
    if (types.isMap(b)) return compare([...(a as Map<unknown, unknown>)], [...b], `${path}.entries()`);
    if (types.isSet(b)) return compare([...(a as Set<unknown>)], [...b], `${path}.values()`);
    if (types.isArrayBuffer(b)) return bytes(new Uint8Array(a as ArrayBuffer), new Uint8Array(b), path);
    if (ArrayBuffer.isView(b)) return bytes(bytesOf(a as ArrayBufferView), bytesOf(b), path);
    if (types.isDate(b) || types.isBoxedPrimitive(b))
      return compare(a.valueOf(), b.valueOf(), `${path}.valueOf()`);
    if (types.isRegExp(b) || b instanceof URL || b instanceof URLSearchParams) {
      return compare(String(a), String(b), `${path}.toString()`);
    }
    if (b instanceof Error) return errors(a as AggregateError, b as AggregateError, path);
    return undefined;
  }

  function errors(a: AggregateError, b: AggregateError, path: string): string | undefined {
    return (
      compare(a.name, b.name, `${path}.name`) ??
      compare(a.message, b.message, `${path}.message`) ??
      compare(Object.hasOwn(a, "cause"), Object.hasOwn(b, "cause"), `${path} has cause`) ??
      compare(a.cause, b.cause, `${path}.cause`) ??
      compare(a.errors, b.errors, `${path}.errors`)
    );
  }

  function properties(a: object, b: object, path: string): string | undefined {
    if (ArrayBuffer.isView(b) || types.isStringObject(b)) return undefined;
    if (Array.isArray(b) && (a as unknown[]).length !== b.length) return `${path}: another length`;
    const keys = Object.keys(b);
    if (Object.keys(a).join() !== keys.join())
      return `${path}: keys ${Object.keys(a).join()}, not ${keys.join()}`;
    for (const key of keys) {
      const found = compare(read(a, key), read(b, key), `${path}.${key}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  return compare(actual, expected, "value");
}

function read(object: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(object, key)!.value;
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function bytes(a: Uint8Array, b: Uint8Array, path: string): string | undefined {
  return Buffer.compare(a, b) === 0 ? undefined : `${path}: other bytes`;
}
