import { AsyncLocalStorage } from "node:async_hooks";

import { DefinitionNotFoundError } from "../errors/index.ts";
import { processWide } from "../process-wide.ts";
import { exportedErrorsShared } from "./exported-errors.ts";
import { changed, initBeforeDefinition, shown } from "./failures.ts";
import { moduleHash, moduleUrl } from "./module-file.ts";
import { find, onRegister } from "./registry.ts";
import type { Definition, DefinitionIdentity } from "./types.ts";

/** A definition that somebody waits for while its module is imported. */
interface Wanted extends DefinitionIdentity {
  readonly fail: (error: unknown) => void;
}

interface Loads {
  readonly wanted: Set<Wanted>;
  /** Which module's import the running code belongs to. */
  readonly importing: AsyncLocalStorage<string>;
  /** Where `init()` keeps a module from ever ending its evaluation, if a definition was lost by that. */
  stuck: { readonly at: string | undefined } | undefined;
  /** Resolves when `init()` keeps some module from ever ending its evaluation. */
  readonly held: { readonly promise: Promise<void>; readonly resolve: () => void };
}

const loads = processWide<Loads>("definition-loads.1", () => ({
  wanted: new Set(),
  importing: new AsyncLocalStorage(),
  stuck: undefined,
  held: signal(),
}));

function signal(): Loads["held"] {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/**
 * Imports the module of a definition, and resolves when the definition is registered and the module evaluated, as far as it will
 * be: one that awaits `init()` at its top level never ends in a worker.
 *
 * @throws KlawError `ERR_KLAW_DEFINITION_CHANGED` if the file's bytes are not those that the submitter had.
 * @throws DefinitionNotFoundError if there is no such file, or its import ends or fails without the definition.
 * @throws KlawError `ERR_KLAW_INIT_BEFORE_DEFINITION` if `init()` is reached first. Whatever imports the module that calls it
 * waits forever then, so this process can't load anything more, and every later load is rejected with the same: end it.
 */
export async function load(identity: DefinitionIdentity): Promise<Definition> {
  checkHash(identity);
  const found = find(identity);
  if (found === undefined && loads.stuck !== undefined) throw initBeforeDefinition(identity, loads.stuck.at);
  const definition = found ?? (await registeredByImport(identity));
  // What its first call throws is to arrive as itself too. A module that `init()` holds never ends its evaluation.
  await Promise.race([exportedErrorsShared(identity.module), loads.held.promise]);
  return definition;
}

function checkHash(identity: DefinitionIdentity): void {
  let hash;
  try {
    hash = moduleHash(identity.module);
  } catch (cause) {
    throw new DefinitionNotFoundError(
      `${shown(identity)} is not here: its file can't be read; programs that share a session need the same files`,
      { cause },
    );
  }
  if (hash !== identity.hash) throw changed(identity, hash);
}

function registeredByImport(identity: DefinitionIdentity): Promise<Definition> {
  const { module } = identity;
  return new Promise((resolve, reject) => {
    /** Whether it was still waited for: what comes first counts. */
    const forget = (): boolean => {
      stop();
      return loads.wanted.delete(wanted);
    };
    const stop = onRegister(() => {
      const found = find(identity);
      // A turn later, so that a module without top-level await is evaluated to its end.
      if (found !== undefined && forget()) setImmediate(resolve, found);
    });
    const fail = (error: unknown): void => {
      if (forget()) reject(error);
    };
    const wanted: Wanted = { ...identity, fail };
    loads.wanted.add(wanted);
    loads.importing
      .run(module, () => import(module))
      .then(
        () => fail(notFound(identity)),
        (cause: unknown) => {
          // Nobody waits for the import of a definition that is there, so that its failure would be silent.
          if (!loads.wanted.has(wanted)) process.emitWarning(`after ${shown(identity)}: ${String(cause)}`);
          fail(notFound(identity, { cause }));
        },
      );
  });
}

function notFound(identity: DefinitionIdentity, failed?: { cause: unknown }): DefinitionNotFoundError {
  const what =
    failed === undefined
      ? "importing the file didn't register it: call actor() or task() at the top level of that file, above init() and not " +
        "only in the driver; a helper that calls them for others passes on the option `module`"
      : `importing the file failed: ${String(failed.cause)}`;
  return new DefinitionNotFoundError(`${shown(identity)} is not here: ${what}`, failed);
}

/**
 * To be called when a worker's code reaches `init()` outside of tasks and methods. If a definition is still waited for, and is not
 * registered in this turn either, its load is rejected: without an `await` before `init()` the code below it does run.
 *
 * @param script - what called `init()`, as `callingScript` says.
 */
export function reachedInit(script: string | undefined): void {
  const at = script === undefined ? undefined : (moduleUrl(script) ?? script);
  const module = loads.importing.getStore() ?? at;
  setImmediate(() => {
    loads.held.resolve();
    if (![...loads.wanted].some((wanted) => wanted.module === module)) return;
    loads.stuck = { at };
    // Those of other modules too: theirs may import this one, and nothing would ever say so.
    for (const wanted of loads.wanted) wanted.fail(initBeforeDefinition(wanted, at));
  });
}
