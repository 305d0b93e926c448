import { createRequire } from "node:module";
import { setImmediate } from "node:timers/promises";

import { registerExportedErrors } from "../codec/index.ts";
import { processWide } from "../process-wide.ts";

const { cache } = createRequire(import.meta.url);

/** By module: when the classes that it exports are known. */
const shared = processWide("exported-errors.1", () => new Map<string, Promise<void>>());
const scripts = new Set<string>();

/**
 * Makes errors of classes that the defining module exports arrive as themselves: here, and wherever else a definition of it is
 * registered.
 *
 * No module is evaluated for that, the exports are those of the evaluation that is going on. They are there when it is over, so of
 * a main file that awaits its whole program at the top level never in time: its classes need `registerSerializer`.
 *
 * @param script - what the code that registers the definition was evaluated as.
 */
export function shareExportedErrors(module: string, script: string): void {
  if (scripts.has(script)) return;
  scripts.add(script);
  const done = exportsOf(module, script).then(
    (exports) => registerExportedErrors(module, exports),
    // Whoever imports the module is told of its failure.
    () => {},
  );
  shared.set(module, done);
}

/** Resolves when the module is evaluated and its errors are known; never for one that waits for ever at its top level. */
export async function exportedErrorsShared(module: string): Promise<void> {
  await shared.get(module);
}

async function exportsOf(module: string, script: string): Promise<object> {
  // With a query, or by a helper that registers for another module, it may be another evaluation than that of the URL.
  if (script === module) return (await import(module)) as object;
  const commonJs = cache[script];
  // Other loaders evaluate modules too, and keep their exports to themselves.
  if (commonJs === undefined) return {};
  // They may stand below the definition.
  await setImmediate();
  const exports: unknown = commonJs.exports;
  return typeof exports === "function" ? { default: exports, ...exports } : Object(exports);
}
