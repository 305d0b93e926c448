import { refused, threw, within } from "../failure.ts";
import { registeredByPrototype } from "../registry.ts";
import type { Staging } from "../staging.ts";
import { CONVERTED_INSTANCE, INSTANCE, REFERENCE } from "../tags.ts";
import { writeProperties } from "./objects.ts";
import { writeCount, writeCounted, writeTag } from "./scalars.ts";
import { writeString } from "./text.ts";
import { writeValue } from "./value.ts";

/** Writes an object that travels by reference: its ordinal among those of the message. */
export function writeReference(staging: Staging, value: object): void {
  writeCounted(staging, REFERENCE, staging.addRef(value));
}

/** Writes an instance of a registered class: its own fields, or what the class's encode function makes of it. */
export function writeInstance(staging: Staging, value: object): void {
  const { name, convert } = registeredByPrototype(Object.getPrototypeOf(value) as object)!;
  if (convert !== undefined) return writeConverted(staging, value, name, convert.encode);
  writeTag(staging, INSTANCE);
  writeString(staging, name);
  const keys = Object.keys(value);
  staging.room(8);
  writeCount(staging, keys.length);
  writeProperties(staging, value as Record<string, unknown>, keys);
}

function writeConverted(
  staging: Staging,
  value: object,
  name: string,
  encode: (instance: object) => unknown,
): void {
  const encoded = call(`the encode function of ${name}`, encode, value);
  writeTag(staging, CONVERTED_INSTANCE);
  writeString(staging, name);
  staging.open.add(value);
  try {
    writeValue(staging, encoded);
  } catch (error) {
    throw within(error, ".encode()", (thrown) => threw("writing the encoded form", thrown));
  }
  staging.open.delete(value);
}

/** What a back reference to an instance whose encoded form is still being written would be. */
export function refuseOpen(staging: Staging, value: object): void {
  if (staging.open.has(value)) {
    throw refused(
      "it is part of what its class's encode function gave for it, so it could not be made before itself; " +
        "leave encode and decode out, or break the cycle",
    );
  }
}

function call<A, R>(what: string, user: (argument: A) => R, argument: A): R {
  try {
    return user(argument);
  } catch (error) {
    throw threw(what, error);
  }
}
