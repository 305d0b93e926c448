import { mapValueStep, refused, threw, within, type Failure } from "../failure.ts";
import type { Staging } from "../staging.ts";
import { MAP, SET } from "../tags.ts";
import { intrinsicGetter } from "./intrinsics.ts";
import { writeCounted } from "./scalars.ts";
import { writeValue } from "./value.ts";

const mapSize = intrinsicGetter<number>(Map.prototype, "size");
const setSize = intrinsicGetter<number>(Set.prototype, "size");
const mapEntries = Map.prototype.entries;
const setValues = Set.prototype.values;

const unexpected = (error: unknown): Failure => threw("reading the entry", error);
const changed = (what: string): Failure => refused(`the ${what} changed while it was written`);

/** Writes a Map: its size, then key and value of each entry. */
export function writeMap(staging: Staging, value: object): void {
  const size = mapSize(value);
  writeCounted(staging, MAP, size);
  let index = 0;
  for (const [key, item] of mapEntries.call(value as Map<unknown, unknown>)) {
    writeMember(staging, key, ".keys()", index);
    try {
      writeValue(staging, item);
    } catch (error) {
      throw within(error, mapValueStep(key, index), unexpected);
    }
    index++;
  }
  if (index !== size) throw changed("Map");
}

/** Writes a Set: its size, then its members. */
export function writeSet(staging: Staging, value: object): void {
  const size = setSize(value);
  writeCounted(staging, SET, size);
  let index = 0;
  for (const item of setValues.call(value as Set<unknown>)) {
    writeMember(staging, item, ".values()", index);
    index++;
  }
  if (index !== size) throw changed("Set");
}

function writeMember(staging: Staging, value: unknown, list: string, index: number): void {
  try {
    writeValue(staging, value);
  } catch (error) {
    throw within(error, `${list}[${index}]`, unexpected);
  }
}
