import { propertyStep } from "../../errors/index.ts";
import { corrupt, within } from "../failure.ts";
import { FIX_ARRAY_MAX_LENGTH } from "../tags.ts";
import type { Reader } from "./reader.ts";
import { misread } from "./unexpected.ts";
import { readValue } from "./value.ts";

const MAX_LENGTH = 0xffff_ffff;

/** From here on the engine keeps an array as a dictionary when it is written at its far end. */
const FAR = 2_048;

/** An array with its length before it. */
export function readArray(reader: Reader): unknown[] {
  return readDense(reader, reader.countOfParts());
}

/** An array of `length` elements. */
export function readDense(reader: Reader, length: number): unknown[] {
  const array: unknown[] = [];
  // Worth its call only for more than a few.
  if (length > FIX_ARRAY_MAX_LENGTH) array.length = length;
  reader.add(array);
  reader.enter();
  let i = 0;
  try {
    for (; i < length; i++) array[i] = readValue(reader);
  } catch (error) {
    throw within(error, `[${i}]`, misread);
  }
  reader.leave();
  return array;
}

/** An array with holes or named properties: key by key. */
export function readKeyedArray(reader: Reader): unknown[] {
  const length = reader.count();
  const count = reader.countOfParts();
  if (length > MAX_LENGTH) throw corrupt(`an array of ${length} elements`);
  const array = emptyOfLength(length);
  reader.add(array);
  reader.enter();
  for (let i = 0; i < count; i++) readKeyed(reader, array, length);
  reader.leave();
  return array;
}

// Setting the length alone would reserve memory for all of it, whatever was sent.
function emptyOfLength(length: number): unknown[] {
  const array: unknown[] = [];
  if (length > FAR) {
    array[length - 1] = undefined;
    delete array[length - 1];
  }
  array.length = length;
  return array;
}

function readKeyed(reader: Reader, array: unknown[], length: number): void {
  const key = readValue(reader);
  const isIndex = typeof key === "number" && Number.isInteger(key) && key >= 0 && key < length;
  if (!isIndex && !isName(key)) throw corrupt("an element where the array has none");
  try {
    const value = readValue(reader);
    if (isIndex) array[key] = value;
    else
      Object.defineProperty(array, key as string, {
        value,
        writable: true,
        enumerable: true,
        configurable: true,
      });
  } catch (error) {
    throw within(error, isIndex ? `[${key}]` : propertyStep(key as string), misread);
  }
}

function isName(key: unknown): boolean {
  return typeof key === "string" && String(Number(key) >>> 0) !== key;
}
