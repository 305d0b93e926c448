import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";

import type { DefinitionIdentity } from "../../src/definitions/index.ts";

const run = promisify(execFile);
const WORKER = fileURLToPath(new URL("../peers/definitions-worker.mjs", import.meta.url));
/** The module behind "face". */
export const FACE: string = new URL("../peers/definitions-face.mjs", import.meta.url).href;

interface Printed {
  readonly stdout: string;
  readonly stderr: string;
}

/** What came of a definition in the worker. */
export interface Outcome {
  readonly called?: unknown;
  /** What the call threw, encoded. */
  readonly thrown?: string;
  readonly error?: Failure;
}

interface Failure {
  readonly name: string;
  readonly code?: string;
  readonly message: string;
  readonly cause?: Failure;
}

/** What a runner of tests leaves in the environment is no business of the programs here. */
const { NODE_TEST_CONTEXT: _context, ...inherited } = process.env;

/** A folder with a program in it, which imports `actor`, `task` and `init` from "face". */
export class Project {
  readonly folder: string = mkdtempSync(join(tmpdir(), "klaw-project-"));
  readonly #execArgv: readonly string[];

  constructor(files: Readonly<Record<string, string>>, execArgv: readonly string[] = []) {
    this.#execArgv = execArgv;
    this.write("node_modules/face/package.json", `{ "type": "module", "exports": "./index.js" }`);
    this.write("node_modules/face/index.js", `export * from ${JSON.stringify(FACE)};`);
    for (const [path, text] of Object.entries(files)) this.write(path, text);
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
  }

  url(path: string): string {
    return pathToFileURL(join(this.folder, path)).href;
  }

  /** What `node ...args` prints, in this folder, with this on its standard input. */
  async node(args: readonly string[], env: NodeJS.ProcessEnv = {}, input = ""): Promise<Printed> {
    const options = { cwd: this.folder, env: { ...inherited, ...env } };
    const running = run(process.execPath, [...this.#execArgv, ...args], options);
    running.child.stdin!.end(input);
    return running;
  }

  /** Runs a driver, which prints the identities of its definitions, a line each. */
  async drive(...args: string[]): Promise<DefinitionIdentity[]> {
    return lines(await this.node(args));
  }

  /** Loads and calls the definitions in one worker. */
  async work(identities: readonly DefinitionIdentity[]): Promise<Outcome[]> {
    const args = [WORKER, ...identities.map((identity) => JSON.stringify(identity))];
    return lines(await this.node(args, { AS_WORKER: "1" }));
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function lines<T>({ stdout }: Printed): T[] {
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as T);
}
