import { inspect } from "node:util";

import { checkCount } from "./check.ts";
import { showLines } from "./calls/lines.ts";
import { allSettled } from "./calls/pending.ts";
import { refuseCalls, stallCalls } from "./calls/submit.ts";
import { openCalls } from "./calls/take.ts";
import { callingScript, reachedInit } from "./definitions/index.ts";
import { InvalidArgumentError, KlawError, NotInitializedError, RuntimeLostError } from "./errors/index.ts";
import { onInterrupt } from "./interrupt.ts";
import { closeLoop, currentSession, openLoop } from "./loop.ts";
import type { Joined } from "./native/index.ts";
import { cpusOf, setSettings } from "./settings.ts";
import { running } from "./worker/context.ts";
import { agentOptions, defaultCpus, workerSession } from "./worker/process.ts";

/** How a process takes part. */
export interface InitOptions {
  /** `"local"`: a new private session (default). `"auto"`: the newest of this user. Else the `address` of a runtime. */
  readonly address?: string | undefined;
  /**
   * How long the event loop looks around for an answer before it sleeps, in microseconds, after waits that were short. A wake
   * costs tens of them, an answer often comes in two. Default: 20; 0: never.
   */
  readonly busyPollUs?: number | undefined;
  /** CPUs that tasks and actors of a new session may use. Default: as many as this process may use. */
  readonly numCpus?: number | undefined;
  /** What names of actors are unique in, unless they say otherwise. Default: `"default"`. */
  readonly namespace?: string | undefined;
  /** Whether what workers write is shown here, with its source before each line. Default: true. */
  readonly logToDriver?: boolean | undefined;
  /**
   * How long calls that run may go on after Ctrl-C, in milliseconds, before the process ends; a second one ends it at once. Nothing
   * happens if the program listens for SIGINT itself. Default: 5,000.
   */
  readonly drainMs?: number | undefined;
}

/** How a runtime ends. */
export interface ShutdownOptions {
  readonly graceMs?: number | undefined;
}

/** This process in a session. */
export interface Runtime extends AsyncDisposable {
  /** Sixteen hex digits. */
  readonly sessionId: string;
  /** What other processes give to `init({ address })`. */
  readonly address: string;
  /**
   * Closes everything that this thread has in the session, and leaves it. Whoever waits is rejected. In the process that has made the
   * session all workers end. In a worker it does nothing.
   *
   * @param options - `graceMs`: how long calls that run may go on, while no new ones are taken. Default: 0.
   */
  shutdown(options?: ShutdownOptions): Promise<void>;
}

const DEFAULT_BUSY_POLL_US = 20;
const DEFAULT_DRAIN_MS = 5_000;
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
export function init(options: InitOptions = {}): Promise<Runtime> {
  const worker = workerSession();
  if (worker === undefined) return initDriver(options);
  if (running.getStore() !== undefined) return Promise.resolve(ofWorker(worker));
  // What stands below is the driver's.
  reachedInit(callingScript(init));
  return new Promise(() => {});
}

async function initDriver(options: InitOptions): Promise<Runtime> {
  const { address, busyPollUs = DEFAULT_BUSY_POLL_US, namespace = "default" } = options;
  const { logToDriver = true, drainMs = DEFAULT_DRAIN_MS } = options;
  checkCount("busyPollUs", busyPollUs, 0, LONGEST_BUSY_POLL_US);
  checkCount("drainMs", drainMs, 0);
  for (const [option, text] of Object.entries({ address, namespace })) {
    if (text !== undefined && (typeof text !== "string" || text === "")) {
      throw new InvalidArgumentError(`${option} is ${inspect(text)}, expected a string that is not empty`);
    }
  }
  if (options.numCpus !== undefined) cpusOf(options.numCpus);
  if (runtime !== undefined && currentSession() !== undefined) return present(runtime, address);
  const isNew = address === undefined || address === "local";
  const numCpus = isNew ? (options.numCpus ?? defaultCpus()) : undefined;
  const joined = openLoop(isNew ? null : address, busyPollUs);
  try {
    openCalls(numCpus === undefined ? null : agentOptions(numCpus, { busyPollUs, namespace }));
  } catch (error) {
    // A session whose maker runs nothing has channels all the same.
    if (!(error instanceof RuntimeLostError)) {
      closeLoop(error as Error);
      throw error;
    }
  }
  setSettings({ namespace, numCpus });
  showLines(logToDriver);
  const shutdown = async ({ graceMs = 0 }: ShutdownOptions = {}): Promise<void> => {
    checkCount("graceMs", graceMs, 0);
    // Of this session: the thread may be in another one by now.
    if (currentSession() !== joined) return;
    if (graceMs > 0) {
      refuseCalls(
        new NotInitializedError("the runtime of this thread is being shut down: it takes no more calls"),
      );
      await settled(graceMs);
    }
    if (currentSession() === joined) leave();
  };
  process.once("exit", leave);
  onInterrupt(() => {
    stallCalls();
    return settled(drainMs);
  });
  runtime = { ...joined, shutdown, [Symbol.asyncDispose]: () => shutdown() };
  return runtime;
}

/** Resolves when every call is settled, or this time is over. */
async function settled(graceMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, graceMs);
  });
  await Promise.race([allSettled(), late]);
  clearTimeout(timer);
}

/** A worker stays in its session for as long as it lives. */
function ofWorker(joined: Joined): Runtime {
  return { ...joined, shutdown: stay, [Symbol.asyncDispose]: stay };
}

async function stay(): Promise<void> {}

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
  onInterrupt(undefined);
  refuseCalls(undefined);
  closeLoop(new NotInitializedError("the runtime of this thread was shut down while this waited"));
}
