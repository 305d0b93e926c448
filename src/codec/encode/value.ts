import { refused } from "../failure.ts";
import { MAX_DEPTH } from "../limits.ts";
import type { Staging } from "../staging.ts";
import { BACK_REFERENCE, FALSE, NULL, TRUE, UNDEFINED } from "../tags.ts";
import { refuseOpen } from "./instances.ts";
import { writeRecord } from "./objects.ts";
import { refusalOf } from "./refusal.ts";
import { writeBigInt, writeCounted, writeNumber, writeTag } from "./scalars.ts";
import { writeString } from "./text.ts";
import { writerFor } from "./writers.ts";

/** Writes any value, or throws a `Failure`. */
export function writeValue(staging: Staging, value: unknown): void {
  switch (typeof value) {
    case "string":
      return writeString(staging, value);
    case "number":
      return writeNumber(staging, value);
    case "object":
      return value === null ? writeTag(staging, NULL) : writeObject(staging, value);
    case "boolean":
      return writeTag(staging, value ? TRUE : FALSE);
    case "undefined":
      return writeTag(staging, UNDEFINED);
    case "bigint":
      return writeBigInt(staging, value);
    default:
      throw refused(refusalOf(value));
  }
}

function writeObject(staging: Staging, value: object): void {
  const number = staging.identities.numberOf(value);
  if (number >= 0) {
    if (staging.open.size > 0) refuseOpen(staging, value);
    return writeCounted(staging, BACK_REFERENCE, number);
  }
  if (staging.depth === MAX_DEPTH) {
    throw refused(`it is nested more than ${MAX_DEPTH} levels deep; send it flat`);
  }
  staging.depth++;
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) writeRecord(staging, value as Record<string, unknown>);
  else writerFor(value, prototype)(staging, value);
  staging.depth--;
}
