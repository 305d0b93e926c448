import { mapValueStep, within } from "../failure.ts";
import type { Reader } from "./reader.ts";
import { misread } from "./unexpected.ts";
import { readValue } from "./value.ts";

/** A Map: its size, then key and value of each entry. */
export function readMap(reader: Reader): Map<unknown, unknown> {
  const size = reader.countOfParts();
  const map = reader.add(new Map<unknown, unknown>());
  reader.enter();
  for (let i = 0; i < size; i++) {
    const key = readMember(reader, ".keys()", i);
    try {
      map.set(key, readValue(reader));
    } catch (error) {
      throw within(error, mapValueStep(key, i), misread);
    }
  }
  reader.leave();
  return map;
}

/** A Set: its size, then its members. */
export function readSet(reader: Reader): Set<unknown> {
  const size = reader.countOfParts();
  const set = reader.add(new Set<unknown>());
  reader.enter();
  for (let i = 0; i < size; i++) set.add(readMember(reader, ".values()", i));
  reader.leave();
  return set;
}

function readMember(reader: Reader, list: string, index: number): unknown {
  try {
    return readValue(reader);
  } catch (error) {
    throw within(error, `${list}[${index}]`, misread);
  }
}
