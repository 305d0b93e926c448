import { inspect } from "node:util";

import { InvalidArgumentError } from "../errors/index.ts";
import { callingScript } from "./caller.ts";
import { checkDefinable } from "./check.ts";
import { shareExportedErrors } from "./exported-errors.ts";
import { inTestFile, nameTaken, noModule } from "./failures.ts";
import { moduleHash, moduleUrl } from "./module-file.ts";
import { nextOrdinal, register, registered, type Registered } from "./registry.ts";
import { isTestFile } from "./test-file.ts";
import type { Definition, DefinitionKind, DefinitionOptions } from "./types.ts";

/**
 * Registers a class or function under its module and name, so that a process that imports the module finds it.
 *
 * Registering the same again is no error, and the latest is what is called. The same is the same function, or, where a module is
 * evaluated again, one of the same text. A CommonJS module may be evaluated again without a trace, so there one text is one
 * definition; an ES module is not, so that two functions of one text, which a loop makes, are two.
 *
 * @param caller - the public function that was called; the module is that of its caller.
 * @throws InvalidArgumentError for what is no class or function, a class with a member `then`, and options that mean nothing.
 * @throws KlawError `ERR_KLAW_DEFINITION_NO_MODULE` if it is not defined in a file.
 * @throws KlawError `ERR_KLAW_DEFINITION_IN_TEST_FILE` if that file is being run by a test runner.
 * @throws KlawError `ERR_KLAW_DEFINITION_NAME_TAKEN` if another definition of the module has the name.
 */
export function define(
  kind: DefinitionKind,
  value: Function,
  options: DefinitionOptions,
  caller: Function,
): Definition {
  checkDefinable(kind, value);
  checkText("name", options.name);
  checkText("module", options.module);
  const evaluated = callingScript(caller);
  const script = options.module ?? evaluated;
  const module = script === undefined ? undefined : moduleUrl(script);
  const hash = module === undefined ? undefined : hashIfThere(module);
  if (script === undefined || module === undefined || hash === undefined) throw noModule(kind, script);

  const name = options.name ?? (ownName(value) || nextOrdinal(script));
  const definition: Definition = { kind, module, name, hash, value };
  if (isTestFile(module)) throw inTestFile(definition);
  const entry: Registered = { definition, script };
  const holder = registered(module, name);
  if (holder !== undefined && !isSame(holder, entry)) throw nameTaken(definition);
  // First, so that they are there when whoever waits for the definition uses it.
  if (evaluated !== undefined && moduleUrl(evaluated) === module) shareExportedErrors(module, evaluated);
  register(entry);
  return definition;
}

function checkText(option: string, text: unknown): void {
  if (text === undefined || (typeof text === "string" && text !== "")) return;
  throw new InvalidArgumentError(`${option} is ${inspect(text)}, expected a string that is not empty`);
}

/** None for a file that is not there: what runs has never been one. */
function hashIfThere(module: string): string | undefined {
  try {
    return moduleHash(module);
  } catch {
    return undefined;
  }
}

/** A class may have a static member of that name. */
function ownName({ name }: Function): string {
  return typeof name === "string" ? name : "";
}

function isSame(former: Registered, { definition, script }: Registered): boolean {
  const { kind, value } = former.definition;
  if (kind !== definition.kind) return false;
  if (value === definition.value) return true;
  const isOneEvaluation = script.startsWith("file:") && script === former.script;
  return !isOneEvaluation && String(value) === String(definition.value);
}
