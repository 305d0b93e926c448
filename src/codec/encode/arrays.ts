import { propertyStep } from "../../errors/index.ts";
import { refused, threw, within } from "../failure.ts";
import type { Staging } from "../staging.ts";
import { ARRAY, FIX_ARRAY, FIX_ARRAY_MAX_LENGTH, KEYED_ARRAY } from "../tags.ts";
import { getterThrew } from "./objects.ts";
import { writeCount, writeCounted, writeNumber, writeTag } from "./scalars.ts";
import { writeString } from "./text.ts";
import { writeValue } from "./value.ts";

/** Writes an array: element by element, or, if it has holes or properties with names, key by key. */
export function writeArray(staging: Staging, value: object): void {
  const array = value as unknown[];
  if (isDense(array)) writeDense(staging, array);
  else writeKeyed(staging, array);
}

/**
 * No cheap question finds holes and named properties in a large array, except the number of its values, which is
 * counted natively. Both may be there and cancel out; a hole reads as undefined.
 */
function isDense(array: unknown[]): boolean {
  if (array.length === 0) return Object.keys(array).length === 0;
  const values = Object.values(array);
  return values.length === array.length && (!array.includes(undefined) || !hasHole(array));
}

function hasHole(array: unknown[]): boolean {
  for (let i = 0; i < array.length; i++) {
    if (array[i] === undefined && !(i in array)) return true;
  }
  return false;
}

function writeDense(staging: Staging, array: unknown[]): void {
  const { length } = array;
  if (length <= FIX_ARRAY_MAX_LENGTH) writeTag(staging, FIX_ARRAY + length);
  else writeCounted(staging, ARRAY, length);
  let i = 0;
  try {
    for (; i < length; i++) {
      if (i >= array.length) throw refused("the array became shorter while it was written");
      writeValue(staging, array[i]);
    }
  } catch (error) {
    throw within(error, `[${i}]`, getterThrew);
  }
}

function writeKeyed(staging: Staging, array: unknown[]): void {
  const keys = Object.keys(array);
  writeCounted(staging, KEYED_ARRAY, array.length);
  staging.room(8);
  writeCount(staging, keys.length);
  for (const key of keys) {
    const index = Number(key) >>> 0;
    const isIndex = String(index) === key && index < array.length;
    if (isIndex) writeNumber(staging, index);
    else writeString(staging, key);
    try {
      writeValue(staging, (array as unknown as Record<string, unknown>)[key]);
    } catch (error) {
      throw within(error, isIndex ? `[${key}]` : propertyStep(key), (thrown) =>
        threw("reading the element", thrown),
      );
    }
  }
}
