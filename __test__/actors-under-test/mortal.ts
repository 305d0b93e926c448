import { appendFileSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

import { actor } from "klaw-runtime";

/** Dies in many ways, and writes into a file what it does. */
export class Mortal {
  readonly #log: string | undefined;

  constructor(log?: string) {
    this.#log = log;
    this.#note("made");
  }

  #note(what: string): void {
    if (this.#log !== undefined) appendFileSync(this.#log, `${what}\n`);
  }

  pid(): number {
    return process.pid;
  }

  /** An effect that must not happen twice by itself. */
  note(what: string): string {
    this.#note(what);
    return what;
  }

  async slowNote(what: string, ms: number): Promise<string> {
    await delay(ms);
    this.#note(what);
    return what;
  }

  killed(what = "killed"): void {
    this.#note(what);
    process.kill(process.pid, "SIGKILL");
    // The signal is there before the next statement, but nothing says so.
    for (;;);
  }

  exit(code: number): void {
    console.log("about to exit");
    console.error(`with ${code}`);
    process.exit(code);
  }

  /** Writes lines, and ends. */
  chatter(lines: number): never {
    for (let n = 0; n < lines; n++) console.log(`chatter ${n}`);
    process.exit(1);
  }

  /** Kills its process the first `times` times that it is tried; the number of tries, as the file has it. */
  dieUntil(times: number, log: string): number {
    this.#note("tried");
    const tries = readFileSync(log, "utf8")
      .split("\n")
      .filter((line) => line === "tried").length;
    if (tries <= times) process.kill(process.pid, "SIGKILL");
    return tries;
  }

  throwLater(): string {
    setTimeout(() => {
      throw new Error("nobody catches this");
    }, 1);
    return "soon";
  }

  rejectUnheard(): string {
    void Promise.reject(new Error("nobody hears this"));
    return "soon";
  }

  spin(): never {
    for (;;);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await delay(10);
    this.#note("disposed");
  }
}

export const Mortals = actor(Mortal, { maxConcurrency: 1 });
