import { realpathSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";

/** The repository. */
export const ROOT = resolve(import.meta.dirname, "../..");

/** A command that npm installed. */
export const npmBin = (name) => join(ROOT, "node_modules/.bin", name);

/** Path under `root` as reports print it: with forward slashes. */
export const shown = (root, path) => relative(root, path).split(sep).join("/");

/** Whether the module with this `import.meta` is the one that node was started with. */
export function isMain(meta) {
  // Both sides without links: a checkout behind a symbolic link must not turn a check into a silent success.
  return process.argv[1] !== undefined && realpathSync(process.argv[1]) === realpathSync(meta.filename);
}
