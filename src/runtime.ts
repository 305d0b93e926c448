import { inspect } from "node:util";

import { InvalidArgumentError, KlawError, NotInitializedError } from "./errors/index.ts";
import { closeLoop, currentSession, openLoop } from "./loop.ts";

/** How a process takes part. */
export interface InitOptions {
  /** `"local"`: a new private session (default). `"auto"`: the newest of this user. Else the `address` of a runtime. */
  readonly address?: string | undefined;
  /**
   * How long the event loop looks around for an answer before it sleeps, in microseconds, after waits that were short. A wake
   * costs tens of them, an answer often comes in two. Default: 20; 0: never.
   */
  readonly busyPollUs?: number | undefined;
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
/** Longer, and timers would be late. */
const LONGEST_BUSY_POLL_US = 1_000;

let runtime: Runtime | undefined;

/**
 * Joins a session; with no options a new one. Called again it gives the same runtime, as long as that was not shut down: a
 * thread is in one session at a time.
 *
 * @throws InvalidArgumentError for options that mean nothing.
 * @throws KlawError `ERR_KLAW_ALREADY_INITIALIZED` if this thread is in another session than the one asked for.
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
  const { address, busyPollUs = DEFAULT_BUSY_POLL_US } = options;
  if (!Number.isInteger(busyPollUs) || busyPollUs < 0 || busyPollUs > LONGEST_BUSY_POLL_US) {
    throw new InvalidArgumentError(
      `busyPollUs is ${inspect(busyPollUs)}, expected a whole number from 0 to ${LONGEST_BUSY_POLL_US}`,
    );
  }
  if (address !== undefined && (typeof address !== "string" || address === "")) {
    throw new InvalidArgumentError(
      `address is ${inspect(address)}, expected "local", "auto" or the address of a runtime`,
    );
  }
  if (runtime !== undefined && currentSession() !== undefined) return present(runtime, address);
  const joined = openLoop(address === undefined || address === "local" ? null : address, busyPollUs);
  const shutdown = async (): Promise<void> => {
    // Of this session: the thread may be in another one by now.
    if (currentSession() === joined) leave();
  };
  process.once("exit", leave);
  runtime = { ...joined, shutdown, [Symbol.asyncDispose]: shutdown };
  return runtime;
}

/** The runtime that this thread has, if that is what was asked for. */
function present(has: Runtime, address: string | undefined): Runtime {
  if (address === undefined || address === has.address) return has;
  throw new KlawError(
    "ERR_KLAW_ALREADY_INITIALIZED",
    `this thread is in the session ${has.address} already, and was to join ${JSON.stringify(address)}: shut it down first`,
    { details: { address: has.address } },
  );
}

/** What a process that ends without it leaves, its peers repair; with it there is nothing to repair. */
function leave(): void {
  process.off("exit", leave);
  closeLoop(new NotInitializedError("the runtime of this thread was shut down while this waited"));
}
