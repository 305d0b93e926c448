import { KlawError } from "../errors/index.ts";
import type { DefinitionIdentity, DefinitionKind } from "./types.ts";

type Named = Pick<DefinitionIdentity, "kind" | "module" | "name">;

/** `the actor "Counter" of file:///app/counter.js` */
export function shown({ kind, module, name }: Named): string {
  return `the ${kind} ${JSON.stringify(name)} of ${module}`;
}

function coded(code: string, message: string, details: Readonly<Record<string, unknown>>): KlawError {
  return new KlawError(code, message, { details });
}

export function noModule(kind: DefinitionKind, place: string | undefined): KlawError {
  return coded(
    "ERR_KLAW_DEFINITION_NO_MODULE",
    `${kind}() was called from ${place ?? "code without a file"}, which workers can't import: move the definition to a ` +
      "module of its own, in a file, or say which file registers it, by the option `module`",
    { kind, place },
  );
}

export function inTestFile({ kind, module, name }: Named): KlawError {
  return coded(
    "ERR_KLAW_DEFINITION_IN_TEST_FILE",
    `${shown({ kind, module, name })} is defined in a test file, and a worker that imports it would run the tests: move the ` +
      "definition to a module of its own, and import that",
    { kind, module, name },
  );
}

export function nameTaken({ kind, module, name }: Named): KlawError {
  return coded(
    "ERR_KLAW_DEFINITION_NAME_TAKEN",
    `another definition of ${module} is called ${JSON.stringify(name)}: give each a name of its own, by the option \`name\`; ` +
      "in a minified program give one to all",
    { kind, module, name },
  );
}

export function changed(wanted: DefinitionIdentity, here: string): KlawError {
  return coded(
    "ERR_KLAW_DEFINITION_CHANGED",
    `${shown(wanted)} is not the one that was submitted: the file was changed since that program started (its bytes hash to ` +
      `${wanted.hash} there, to ${here} here): start the program again`,
    { ...named(wanted), expected: wanted.hash, found: here },
  );
}

export function initBeforeDefinition(wanted: Named, reached: string | undefined): KlawError {
  const place = reached ?? "code without a file";
  const advice =
    place === wanted.module
      ? "move the definition above it"
      : "call init() in the main file alone, or import that module only where init() may be called";
  return coded(
    "ERR_KLAW_INIT_BEFORE_DEFINITION",
    `${shown(wanted)} can't be registered in a worker: init() in ${place} comes first, and in a worker what stands below it ` +
      `never runs: ${advice}`,
    { ...named(wanted), reached },
  );
}

function named({ kind, module, name }: Named): Named {
  return { kind, module, name };
}
