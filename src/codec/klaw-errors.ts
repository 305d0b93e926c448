import * as errors from "../errors/index.ts";
import { registerSerializer } from "./registry.ts";

/** What no user's class is called by accident. */
const PREFIX = "klaw-runtime.";

/** Makes the errors of this package arrive as themselves. */
export function registerKlawErrors(): void {
  for (const exported of Object.values(errors)) {
    if (isErrorClass(exported)) registerSerializer(exported, { name: PREFIX + exported.name });
  }
}

function isErrorClass(candidate: unknown): candidate is typeof errors.KlawError {
  return candidate === errors.KlawError || Object.getPrototypeOf(candidate) === errors.KlawError;
}
