import { InvalidArgumentError, NotInitializedError } from "./errors/index.ts";
import { closeLoop, currentSession, openLoop } from "./loop.ts";

/** How a process takes part. */
export interface InitOptions {
  /** `"local"`: a new private session (default). `"auto"`: the newest of this user. Else the `address` of a runtime. */
  readonly address?: string;
  /**
   * How long the event loop looks around for an answer before it sleeps, in microseconds, after waits that were short. A wake
   * costs tens of them, an answer often comes in two. Default: 20; 0: never.
   */
  readonly busyPollUs?: number;
}

/** This process in a session. */
export interface Runtime extends AsyncDisposable {
  /** Sixteen hex digits. */
  readonly sessionId: string;
  /** What other processes give to `init({ address })`. */
  readonly address: string;
  /** Closes everything that this thread has in the session, and leaves it. Whoever waits is rejected. */
  shutdown(): Promise<void>;
}

const DEFAULT_BUSY_POLL_US = 20;
const LONGEST_BUSY_POLL_US = 1_000_000;

let runtime: Runtime | undefined;

/**
 * Joins a session; with no options a new one. Called again it gives the same runtime, as long as that was not shut down.
 *
 * @throws InvalidArgumentError for options that mean nothing.
 * @throws KlawError `ERR_KLAW_SESSION_GONE` if nobody lives at `address`.
 * @throws ProtocolVersionError if another version of klaw-runtime made the session.
 * @throws ShmExhaustedError if `/dev/shm` has no room.
 *
 * @example
 * ```ts
 * await using runtime = await init();
 * const [tx, rx] = channel<string>();
 * await tx.send("hello");
 * console.log(await rx.recv()); // hello
 * ```
 */
export async function init(options: InitOptions = {}): Promise<Runtime> {
  if (runtime !== undefined && currentSession() !== undefined) return runtime;
  const { address = "local", busyPollUs = DEFAULT_BUSY_POLL_US } = options;
  if (!Number.isInteger(busyPollUs) || busyPollUs < 0 || busyPollUs > LONGEST_BUSY_POLL_US) {
    throw new InvalidArgumentError(`busyPollUs is ${busyPollUs}, expected 0 to ${LONGEST_BUSY_POLL_US}`);
  }
  if (typeof address !== "string" || address === "") {
    throw new InvalidArgumentError(
      `address is ${String(address)}, expected "local", "auto" or the address of a runtime`,
    );
  }
  const joined = openLoop(address === "local" ? null : address, busyPollUs);
  process.once("exit", leave);
  runtime = {
    ...joined,
    shutdown,
    [Symbol.asyncDispose]: shutdown,
  };
  return runtime;
}

async function shutdown(): Promise<void> {
  process.off("exit", leave);
  leave();
}

/** What a process that ends without it leaves, its peers repair; with it there is nothing to repair. */
function leave(): void {
  closeLoop(new NotInitializedError("the runtime of this thread was shut down while this waited"));
}
