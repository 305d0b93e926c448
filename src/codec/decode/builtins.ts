import { corrupt } from "../failure.ts";
import type { Reader } from "./reader.ts";
import { readFloat64 } from "./scalars.ts";
import { readText } from "./text.ts";
import { readValue } from "./value.ts";

export function readDate(reader: Reader): Date {
  return reader.add(new Date(readFloat64(reader)));
}

export function readRegExp(reader: Reader): RegExp {
  const source = readText(reader);
  return reader.add(new RegExp(source, readText(reader)));
}

export function readUrl(reader: Reader): URL {
  return reader.add(new URL(readText(reader)));
}

export function readSearchParams(reader: Reader): URLSearchParams {
  return reader.add(new URLSearchParams(readText(reader)));
}

export function readBoxed(reader: Reader): object {
  const number = reader.reserve();
  reader.enter();
  const primitive = readValue(reader);
  reader.leave();
  if (!["boolean", "number", "string", "bigint"].includes(typeof primitive))
    throw corrupt("a box without a primitive");
  return reader.fulfil(number, Object(primitive) as object);
}
