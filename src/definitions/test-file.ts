import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { isAbsolute, sep } from "node:path";

import { moduleUrl } from "./module-file.ts";

const TEST_NAME = /[._-](?:test|spec)\.[cm]?[jt]sx?$/;
const AVA_OPTIONS = ["", "ava", "lib", "worker", "options.cjs"].join(sep);

const { cache } = createRequire(import.meta.url);

/** What test runners leave for their helpers to find. */
interface RunnerGlobals {
  readonly __vitest_worker__?: { readonly filepath?: string };
  readonly [jestMatchers: symbol]: { readonly state?: { readonly testPath?: string } } | undefined;
}

/**
 * True for the file that a test runner runs in this process: what is defined there would bring its tests into every worker.
 * A module that it imports is none, unless it is called like one.
 */
export function isTestFile(module: string): boolean {
  const { running, file } = testRun();
  const entry = process.argv[1];
  const namedLikeOne = TEST_NAME.test(module) && (running || isFile(entry, module));
  return namedLikeOne || isFile(file, module);
}

/** Whether a runner runs tests in this process, and which file, as far as it tells. */
function testRun(): { running: boolean; file?: string | undefined } {
  const { NODE_TEST_CONTEXT, VITEST, JEST_WORKER_ID } = process.env;
  const globals = globalThis as RunnerGlobals;
  const ava = avaFile();
  if (ava !== undefined) return { running: true, file: ava };
  if (VITEST !== undefined) return { running: true, file: globals["__vitest_worker__"]?.filepath };
  if (JEST_WORKER_ID !== undefined) {
    return { running: true, file: globals[Symbol.for("$$jest-matchers-object")]?.state?.testPath };
  }
  if (NODE_TEST_CONTEXT !== undefined) return { running: true, file: process.argv[1] };
  return { running: process.execArgv.includes("--test") };
}

/** AVA sets nothing in the environment; what its worker runs is kept by one of its own modules. */
function avaFile(): string | undefined {
  const path = Object.keys(cache).find((loaded) => loaded.endsWith(AVA_OPTIONS));
  if (path === undefined) return undefined;
  try {
    return (cache[path]!.exports as { get(): { file?: string } }).get().file ?? "";
  } catch {
    return "";
  }
}

function isFile(script: string | undefined, module: string): boolean {
  if (script === undefined) return false;
  try {
    // The loader resolves links, the command line doesn't.
    return moduleUrl(isAbsolute(script) ? realpathSync(script) : script) === module;
  } catch {
    return false;
  }
}
