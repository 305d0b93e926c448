import { propertyStep } from "../../errors/index.ts";
import { within } from "../failure.ts";
import type { Reader } from "./reader.ts";
import { isInherited, readShape, type DecodedShape } from "./shapes.ts";
import { readText } from "./text.ts";
import { misread } from "./unexpected.ts";
import { readValue } from "./value.ts";

/** A plain object that brings its shape. */
export function readShapedObject(reader: Reader): object {
  return readWithShape(reader, readShape(reader));
}

/** A plain object of a shape that stood before it in the message. */
export function readKnownShapeObject(reader: Reader): object {
  return readWithShape(reader, reader.shape(reader.count()));
}

/** A plain object that brings each key with its value. */
export function readRecord(reader: Reader): object {
  return readEntries(reader, reader.add({}), define);
}

/** A plain object without a prototype. */
export function readNullPrototypeObject(reader: Reader): object {
  return readEntries(reader, reader.add(Object.create(null) as object), assign);
}

/** Reads properties into `target`, which has a prototype that must not be touched. */
export function readFields<T extends object>(reader: Reader, target: T): T {
  return readEntries(reader, target, defineAlways);
}

type Put = (target: Record<string, unknown>, key: string, value: unknown) => void;

const assign: Put = (target, key, value) => {
  target[key] = value;
};

const defineAlways: Put = (target, key, value) => {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
};

const define: Put = (target, key, value) => {
  if (isInherited(key)) defineAlways(target, key, value);
  else target[key] = value;
};

function readWithShape(reader: Reader, { keys, hasInherited }: DecodedShape): object {
  const object: Record<string, unknown> = {};
  reader.add(object);
  reader.enter();
  let i = 0;
  try {
    if (hasInherited) for (; i < keys.length; i++) define(object, keys[i]!, readValue(reader));
    else for (; i < keys.length; i++) object[keys[i]!] = readValue(reader);
  } catch (error) {
    throw within(error, propertyStep(keys[i]!), misread);
  }
  reader.leave();
  return object;
}

function readEntries<T extends object>(reader: Reader, target: T, put: Put): T {
  const count = reader.countOfParts();
  reader.enter();
  let key = "";
  try {
    for (let i = 0; i < count; i++) {
      key = readText(reader);
      put(target as Record<string, unknown>, key, readValue(reader));
    }
  } catch (error) {
    throw within(error, propertyStep(key), misread);
  }
  reader.leave();
  return target;
}
