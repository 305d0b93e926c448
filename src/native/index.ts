/**
 * The addon: the only module that touches it. Whatever it throws leaves as one of our own errors.
 *
 * @module
 */
import { createRequire } from "node:module";

import { KlawError, errorFromNative, type NativeFailure } from "../errors/index.ts";
import type * as Generated from "./binding.d.ts";

export type {
  AgentOptions,
  CalleeOptions,
  CreateOptions,
  Joined,
  OpenBuffers,
  OpenOptions,
} from "./binding.d.ts";

/** The functions that every message passes; see `crates/klaw-node/src/hot.rs`. */
interface HotFunctions {
  /** Sends the staged bytes before `end`: {@link SENT}, {@link SENT_ENOUGH}, or the ticket under which they wait for room. */
  send(sender: number, end: number): number;
  /** As `send`; throws `ERR_KLAW_CHANNEL_FULL` instead of waiting. */
  trySend(sender: number, end: number): number;
  /**
   * As `send`, for the messages of the first `count` ranges: those that wait are counted from bit 32 on. `group`: 0, or one more
   * than the ticket of the first message of the same call that waits.
   */
  sendMany(sender: number, count: number, group: number): number;
  /** Copies up to `max` messages into the inbox: how many. None past the turn's budget. */
  take(receiver: number, max: number): number;
  /** As `take`, whatever the turn has spent. */
  takeNow(receiver: number, max: number): number;
  /** Calls with the arguments that were staged from {@link CALL_HEADER_BYTES} up to `end`: the call's name. */
  submit(callee: number, method: number, end: number): number;
  /** Answers a call with what was staged from {@link REPLY_HEADER_BYTES} up to `end`: 1 if others may start. */
  reply(run: number, isError: number, end: number): number;
  /** How many entries stand in the calls' table. None past the turn's budget. */
  takeCalls(): number;
}

/** What the addon exports. */
export type Binding = typeof Generated & HotFunctions;

/** `send`: the message is in the channel. */
export const SENT = -1;
/** `send`: the message is in the channel, and the loop should turn before more is sent. */
export const SENT_ENOUGH = -2;

/** Kinds of ends, where numbers go in pairs of kind and handle. */
export const SENDER_END = 1;
export const RECEIVER_END = 2;

/** Kinds of events, {@link EVENT_WORDS} words each: kind, handle, count. */
export const READY_EVENT = 0;
export const SENT_EVENT = 1;
export const FAILED_EVENT = 2;
export const TURN_EVENT = 3;
/** There is something for `takeCalls`. */
export const CALLS_EVENT = 4;
export const EVENT_WORDS = 3;

/** Room that is left before staged arguments. */
export const CALL_HEADER_BYTES = 64;
/** Room that is left before a staged result. */
export const REPLY_HEADER_BYTES = 16;

/** Words of an entry in the calls' table: kind, name, start, end, number of ends, and three that depend on the kind. */
export const ENTRY_WORDS = 8;
/** A call was answered. Name: the call's; then whether with an error. */
export const SETTLED_ENTRY = 0;
/** A call will never be. An error, and perhaps that of a constructor as payload. */
export const FAILED_ENTRY = 1;
/** A call may start. Name: the run's; method, definition, attempt. */
export const START_ENTRY = 2;
/** A call that runs was cancelled. Name: the run's. */
export const CANCELLED_ENTRY = 3;
/** Become an actor. Name: the actor's number; its restarts. */
export const CONSTRUCT_ENTRY = 4;
/** Everything is done: end. */
export const FINISH_ENTRY = 5;
/** A worker has written a line. Name: its pid; whether to its standard error. Payload: label, NUL, line. */
export const LINE_ENTRY = 6;
/** What a definition's number means. Payload: its text. */
export const DEFINITION_ENTRY = 7;
/** Where an actor is. Name: its number; {@link STARTING}, {@link ALIVE} or {@link DEAD}, its restarts, its pid. */
export const ACTOR_ENTRY = 8;
/** An actor was not made. Name: its number; that of the one that has its name. */
export const NAME_TAKEN_ENTRY = 9;
/** Who has a name. Name: the question's number; whether anybody has it, and the actor's number. */
export const FOUND_ENTRY = 10;
/** An object is there. Name: its number; whether it is an error. */
export const OBJECT_ENTRY = 11;

/** What `readObject` says. */
export const OBJECT_PENDING = 0;
export const OBJECT_VALUE = 1;
export const OBJECT_ERROR = 2;
export const OBJECT_FAILED = 3;

export const STARTING = 0;
export const ALIVE = 1;
export const DEAD = 2;

/** Words of a message in the inbox's table: start, end, tag, number of ends. */
export const MESSAGE_WORDS = 4;
/** `start` of a message that is among those of `oversize()`. */
export const OVERSIZE = 0xffff_ffff;

/** The platforms that binaries are built for. */
const PLATFORMS = new Set(["linux-x64-gnu"]);

function platform(): string {
  const { platform: os, arch } = process;
  if (os !== "linux") return `${os}-${arch}`;
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return `${os}-${arch}-${header.glibcVersionRuntime === undefined ? "musl" : "gnu"}`;
}

function load(): Binding {
  const name = platform();
  if (!PLATFORMS.has(name)) {
    throw new KlawError(
      "ERR_KLAW_UNSUPPORTED_PLATFORM",
      `klaw-runtime has no binary for ${name}; there are binaries for ${[...PLATFORMS].join(", ")}`,
      { details: { platform: name, supported: [...PLATFORMS] } },
    );
  }
  const require = createRequire(import.meta.url);
  // A build of one's own stands in the package's root; users have the platform's package.
  const candidates = [`../../klaw.${name}.node`, `@klaw-runtime/binding-${name}`];
  const problems: unknown[] = [];
  for (const candidate of candidates) {
    try {
      return require(candidate) as Binding;
    } catch (error) {
      problems.push(error);
    }
  }
  throw new KlawError(
    "ERR_KLAW_BINARY_NOT_FOUND",
    `the binary of klaw-runtime for ${name} can't be loaded; install again without --omit=optional (npm i klaw-runtime)`,
    { cause: new AggregateError(problems), details: { platform: name } },
  );
}

export const native: Binding = load();

/**
 * The error that users see for what a native call threw. What is no failure of the addon is returned as it is.
 */
export function asKlawError(thrown: unknown): unknown {
  const failure = thrown as Partial<NativeFailure>;
  if (!(thrown instanceof Error) || thrown instanceof KlawError) return thrown;
  if (typeof failure.code !== "string" || !failure.code.startsWith("ERR_KLAW_")) return thrown;
  return errorFromNative(failure as NativeFailure);
}
