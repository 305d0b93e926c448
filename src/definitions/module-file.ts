import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { isAbsolute } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { processWide } from "../process-wide.ts";

const HASH_DIGITS = 16;

const hashes = processWide("module-hashes.1", () => new Map<string, string>());

/**
 * The `file:` URL of what a script calls itself, undefined if that is no file.
 *
 * Queries are left out: test runners and loaders add them to evaluate a file again, and it stays the same file, which a worker
 * imports without.
 */
export function moduleUrl(script: string): string | undefined {
  if (isAbsolute(script)) return pathToFileURL(withoutQuery(script)).href;
  if (!script.startsWith("file:") || !URL.canParse(script)) return undefined;
  const url = new URL(script);
  url.search = "";
  url.hash = "";
  return url.href;
}

/** Some loaders add queries to paths, where a file's own name may hold a question mark. */
function withoutQuery(path: string): string {
  const [file] = path.split("?");
  return file === path || existsSync(path) ? path : file!;
}

/**
 * The hash of a module's file. It is read once, as near to its evaluation as can be: read later, it could be that of an edited
 * file, which is not what runs here.
 *
 * @throws what the file system throws.
 */
export function moduleHash(module: string): string {
  let hash = hashes.get(module);
  if (hash === undefined) {
    const bytes = readFileSync(fileURLToPath(module));
    hash = createHash("sha256").update(bytes).digest("hex").slice(0, HASH_DIGITS);
    hashes.set(module, hash);
  }
  return hash;
}
