import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { processesWith } from "./processes.ts";
import { segments } from "./session.ts";
import { until } from "./until.ts";

/** How a driver has ended. */
export interface End {
  /** Its exit code, or the signal that killed it. */
  readonly how: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

const PACKAGE = new URL("../../dist/index.js", import.meta.url).href;

/** A folder with programs in it, which import "klaw-runtime", and a place for their sessions. Everything goes with it. */
export class Drivers {
  readonly folder: string = mkdtempSync(join(tmpdir(), "klaw-drivers-"));
  readonly #running: Driver[] = [];

  constructor(files: Readonly<Record<string, string>>) {
    const dependency = join(this.folder, "node_modules/klaw-runtime");
    mkdirSync(dependency, { recursive: true });
    writeFileSync(join(dependency, "package.json"), `{ "type": "module", "exports": "./index.js" }`);
    writeFileSync(join(dependency, "index.js"), `export * from ${JSON.stringify(PACKAGE)};`);
    for (const [path, text] of Object.entries(files)) writeFileSync(join(this.folder, path), text);
  }

  start(...args: string[]): Driver {
    const driver = new Driver(this.folder, args);
    this.#running.push(driver);
    return driver;
  }

  /** Workers of drivers here, and drivers. */
  processes(): number[] {
    return processesWith(this.folder);
  }

  /** Sessions that are here, or were left. */
  sessions(): string[] {
    const place = join(this.folder, "sessions");
    return existsSync(place) ? readdirSync(place) : [];
  }

  /** Resolves when no process is left; then a new session is made, which sweeps up after the dead. */
  async swept(sessionIds: readonly string[]): Promise<string[]> {
    await until(() => this.processes().length === 0, `no process is left of ${this.processes().join(", ")}`);
    writeFileSync(
      join(this.folder, "sweeps.mjs"),
      `await (await (await import("klaw-runtime")).init()).shutdown();`,
    );
    const { how, stderr } = await this.start("sweeps.mjs").end();
    if (how !== 0) throw new Error(stderr);
    return [...this.sessions(), ...sessionIds.flatMap(segments)];
  }

  [Symbol.dispose](): void {
    for (const driver of this.#running) driver.process.kill("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A program that runs. */
export class Driver {
  readonly process: ChildProcess;
  readonly #ended: Promise<unknown[]>;
  stdout = "";
  stderr = "";

  constructor(folder: string, args: readonly string[]) {
    const { NODE_OPTIONS: _options, ...inherited } = process.env;
    const env = { ...inherited, KLAW_DIR: join(folder, "sessions") };
    this.process = spawn(process.execPath, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
    this.process.stdout!.setEncoding("utf8").on("data", (text: string) => (this.stdout += text));
    this.process.stderr!.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
    this.#ended = once(this.process, "close");
  }

  /** What stands behind `name: ` in a line of its output, once that is there. */
  async says(name: string): Promise<string> {
    const said = new RegExp(`^${name}: (.*)$`, "m");
    await until(() => said.test(this.stdout), `${name}, in ${this.stdout}${this.stderr}`);
    return said.exec(this.stdout)![1]!;
  }

  async end(): Promise<End> {
    const [code, signal] = (await this.#ended) as [number | null, string | null];
    return { how: code ?? signal!, stdout: this.stdout, stderr: this.stderr };
  }
}
