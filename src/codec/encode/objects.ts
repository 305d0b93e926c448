import { propertyStep } from "../../errors/index.ts";
import { threw, within } from "../failure.ts";
import type { Staging } from "../staging.ts";
import { KNOWN_SHAPE_OBJECT, NULL_PROTOTYPE_OBJECT, OBJECT, SHAPED_OBJECT } from "../tags.ts";
import { writeCount, writeCounted } from "./scalars.ts";
import { shapeOf, type Shape } from "./shapes.ts";
import { writeString } from "./text.ts";
import { writeValue } from "./value.ts";

/** What a getter threw. */
export const getterThrew = (error: unknown): ReturnType<typeof threw> => threw("reading the property", error);

/** Writes the own enumerable string-keyed properties of a plain object. */
export function writeRecord(staging: Staging, value: Record<string, unknown>): void {
  const keys = Object.keys(value);
  const shape = shapeOf(keys);
  if (shape === undefined) return writeEntries(staging, OBJECT, value, keys);
  writeShape(staging, shape);
  let i = 0;
  try {
    for (; i < keys.length; i++) writeValue(staging, value[keys[i]!]);
  } catch (error) {
    throw within(error, propertyStep(keys[i]!), getterThrew);
  }
}

/** Writes a plain object without a prototype. */
export function writeNullPrototypeObject(staging: Staging, value: object): void {
  writeEntries(staging, NULL_PROTOTYPE_OBJECT, value as Record<string, unknown>, Object.keys(value));
}

/** Writes `tag`, and behind it the properties `keys` of `value`, each key with its value. */
export function writeEntries(
  staging: Staging,
  tag: number,
  value: Record<string, unknown>,
  keys: readonly string[],
): void {
  writeCounted(staging, tag, keys.length);
  writeProperties(staging, value, keys);
}

/** Writes the properties `keys` of `value`, each key with its value. */
export function writeProperties(
  staging: Staging,
  value: Record<string, unknown>,
  keys: readonly string[],
): void {
  let i = 0;
  try {
    for (; i < keys.length; i++) {
      const key = keys[i]!;
      writeString(staging, key);
      writeValue(staging, value[key]);
    }
  } catch (error) {
    throw within(error, propertyStep(keys[i]!), getterThrew);
  }
}

function writeShape(staging: Staging, shape: Shape): void {
  const { words } = shape;
  staging.room(4 * words.length + 10);
  const { bytes, view } = staging;
  if (shape.message === staging.message) {
    bytes[staging.position++] = KNOWN_SHAPE_OBJECT;
    return writeCount(staging, shape.number);
  }
  shape.message = staging.message;
  shape.number = staging.shapes++;
  let position = staging.position;
  bytes[position++] = SHAPED_OBJECT;
  bytes[position++] = words.length;
  for (let i = 0; i < words.length; i++, position += 4) view.setInt32(position, words[i]!, true);
  staging.position = position;
}
