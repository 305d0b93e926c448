import { Failure, corrupt, threw, within } from "../failure.ts";
import { registeredByName, type RegisteredClass } from "../registry.ts";
import { readFields } from "./objects.ts";
import type { Reader } from "./reader.ts";
import { readText } from "./text.ts";
import { misread } from "./unexpected.ts";
import { readValue } from "./value.ts";

/** An instance of a registered class, as its own fields. Its constructor is not called, and no setter. */
export function readInstance(reader: Reader): object {
  const { name, prototype, isError, convert } = registeredClass(readText(reader));
  if (isError || convert !== undefined) throw differs(name);
  return readFields(reader, reader.add(Object.create(prototype) as object));
}

/** An instance of a registered class, as what its encode function gave. */
export function readConverted(reader: Reader): object {
  const { name, convert } = registeredClass(readText(reader));
  if (convert === undefined) throw differs(name);
  const number = reader.reserve();
  reader.enter();
  let encoded: unknown;
  try {
    encoded = readValue(reader);
  } catch (error) {
    throw within(error, ".encode()", misread);
  }
  reader.leave();
  return reader.fulfil(number, call(name, convert.decode, encoded));
}

/** What arrived for an object that travels by reference. */
export function readReference(reader: Reader): unknown {
  const ordinal = reader.count();
  const { refs } = reader;
  if (ordinal >= refs.length) throw corrupt(`reference ${ordinal} of ${refs.length}`);
  return reader.add(refs[ordinal] as object);
}

/** The class that is registered under `name`. */
export function registeredClass(name: string): RegisteredClass {
  const registered = registeredByName(name);
  if (registered !== undefined) return registered;
  const shown = JSON.stringify(name);
  throw new Failure(
    `no class is registered as ${shown} here; call registerSerializer in a module that both sides import`,
    "ERR_KLAW_CLASS_NOT_REGISTERED",
  );
}

function call(name: string, decode: (encoded: unknown) => object, encoded: unknown): object {
  try {
    return decode(encoded);
  } catch (error) {
    throw threw(`the decode function of ${name}`, error);
  }
}

function differs(name: string): Failure {
  return new Failure(
    `${name} was registered in another way where it was sent; register it alike on both sides`,
    "ERR_KLAW_CLASS_NOT_REGISTERED",
  );
}
