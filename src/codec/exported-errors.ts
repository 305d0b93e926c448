import { isNative, registerAlias } from "./registry.ts";

/** What no user's class is called by accident. */
const PREFIX = "klaw-runtime.export.";

/**
 * Makes errors of the classes that a module exports arrive as themselves, in every process that does the same. Built-in classes are
 * left out; a class that is registered otherwise keeps the name that it is sent under.
 *
 * @param module - a URL without a `#`, the same in every process.
 * @param exports - may still be incomplete: what has no value yet is left out.
 */
export function registerExportedErrors(module: string, exports: object): void {
  for (const key of Object.keys(exports)) {
    const exported = valueOf(exports, key);
    if (isErrorClass(exported)) {
      const name = key === "default" ? exported.name : key;
      registerAlias(`${PREFIX}${module}#${name}`, exported.prototype);
    }
  }
}

/** What the module calls a class that was registered for its export; undefined for every other class. */
export function exportedName(registered: string): string | undefined {
  return registered.startsWith(PREFIX) ? registered.slice(registered.lastIndexOf("#") + 1) : undefined;
}

function valueOf(exports: object, key: string): unknown {
  try {
    return exports[key as never];
  } catch {
    return undefined;
  }
}

function isErrorClass(exported: unknown): exported is Function & { prototype: object } {
  return typeof exported === "function" && exported.prototype instanceof Error && !isNative(exported);
}
