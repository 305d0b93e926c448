import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** What a peer is started with, and may say. */
type Message = string | number | boolean | object;

/** Another process, running one of the programs in `__test__/peers`. It ends with the test that started it. */
export class Peer {
  readonly process: ChildProcess;
  readonly #said: Message[] = [];

  constructor(program: string, args: readonly (string | number)[], execArgv: readonly string[] = []) {
    const file = fileURLToPath(new URL(`../peers/${program}.ts`, import.meta.url));
    this.process = fork(file, args.map(String), {
      execArgv: ["--import=tsx", "--expose-gc", ...execArgv],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.process.on("message", (message: Message) => this.#said.push(message));
  }

  /** The next thing that it says through `process.send`. */
  async says(): Promise<Message> {
    while (this.#said.length === 0) {
      const ended = once(this.process, "exit").then(([code, signal]) => {
        throw new Error(`the peer ended (${code ?? signal}) and said nothing`);
      });
      ended.catch(() => {});
      await Promise.race([once(this.process, "message"), ended]);
    }
    return this.#said.shift()!;
  }

  /** Tells it something. */
  tell(message: Message): void {
    this.process.send(message);
  }

  kill(signal: NodeJS.Signals = "SIGKILL"): void {
    this.process.kill(signal);
  }

  /** Its exit code, or the signal that killed it. */
  async end(): Promise<number | string> {
    const { exitCode, signalCode } = this.process;
    if (exitCode !== null || signalCode !== null) return exitCode ?? signalCode!;
    const [code, signal] = (await once(this.process, "exit")) as [number | null, string | null];
    return code ?? signal!;
  }
}
