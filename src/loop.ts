/**
 * This thread's event loop in a session: the memory that it shares with the addon, and who is told what has come.
 *
 * Queues, budgets and waits live in the addon. Here are only the objects that JavaScript can't give away: whoever waits is found
 * by the handle of his channel end.
 *
 * @module
 */
import { Staging } from "./codec/index.ts";
import { NotInitializedError } from "./errors/index.ts";
import {
  CALLS_EVENT,
  EVENT_WORDS,
  FAILED_EVENT,
  READY_EVENT,
  SENT_EVENT,
  asKlawError,
  native,
  type Joined,
} from "./native/index.ts";
import { processWide } from "./process-wide.ts";

const STAGING_BYTES = 64 * 1024;
/** After a larger message the memory is given back. */
const KEPT_STAGING_BYTES = 4 * 1024 * 1024;
/** More than this no record can carry. */
const LARGEST_PAYLOAD_BYTES = 16 * 1024 * 1024;
const INBOX_BYTES = 256 * 1024;
/** Messages that one native call takes or sends at most. */
export const BATCH = 1_024;
const EVENTS = 256;

/** A receiver that somebody waits for. */
export interface WaitingReceiver {
  /** It has a message, or never will. */
  ready(): void;
  /** This thread has left the session. */
  ended(error: Error): void;
}

/** A sender with messages that wait for room. */
export interface WaitingSender {
  /** The first `count` of them are sent. */
  sent(count: number): void;
  /** The first of them will never be sent, nor those of the same call behind it: `count` together. */
  failed(count: number, error: unknown): void;
  /** This thread has left the session. */
  ended(error: Error): void;
}

const events = new Uint32Array(EVENT_WORDS * EVENTS);

/** Start and end of each message of a batch in the staging memory. */
export const ranges: Uint32Array = new Uint32Array(2 * BATCH);
/** Payloads that came in, until the next native call that takes. */
export const inbox: Uint8Array = new Uint8Array(INBOX_BYTES);
/** Where they are; see `MESSAGE_WORDS`. */
export const table: Uint32Array = new Uint32Array(4 * BATCH);

/** Where messages are written before they are sent. */
let staging = newStaging();
/** Stagings and ranges of messages whose getters or encode functions send messages themselves. */
const outer: { staging: Staging; ranges: Uint32Array }[] = [];
let isStaging = false;

function newStaging(): Staging {
  const made: Staging = new Staging(new Uint8Array(STAGING_BYTES), {
    limitBytes: LARGEST_PAYLOAD_BYTES,
    grow(neededBytes) {
      const grown = new Uint8Array(Math.max(neededBytes, 2 * made.bytes.length));
      if (session !== undefined) native.setStaging(grown);
      return grown;
    },
  });
  return made;
}

function useStaging(next: Staging): void {
  staging = next;
  if (session !== undefined) native.setStaging(next.bytes);
}

/** How many copies of this package are in a session, of those that loaders have made in this thread. */
const copies = processWide("copies-in-session.1", () => ({ count: 0 }));

/** Throws if this thread, or this copy of the package, is in no session: the addon, which all copies share, may be in one. */
export function requireSession(): void {
  if (session !== undefined) return;
  if (copies.count === 0) throw new NotInitializedError();
  throw new NotInitializedError(
    "this copy of klaw-runtime is in no session, another one in this process is: a loader has made CommonJS of the package for " +
      "some modules and not for others; let all that use it be of one type",
  );
}

/** The staging memory, empty, until {@link releaseStaging}: for what is sent now. */
export function acquireStaging(): Staging {
  requireSession();
  if (isStaging) {
    outer.push({ staging, ranges: ranges.slice() });
    useStaging(newStaging());
  }
  isStaging = true;
  staging.position = 0;
  return staging;
}

/** What was staged was sent, or will not be. */
export function releaseStaging(): void {
  const saved = outer.pop();
  isStaging = saved !== undefined;
  if (saved !== undefined) {
    ranges.set(saved.ranges);
    useStaging(saved.staging);
  } else if (staging.bytes.length > KEPT_STAGING_BYTES) {
    useStaging(newStaging());
  }
}

/** By handle. Only ends that wait are here, so that all others can be collected. */
export const waitingReceivers: Map<number, WaitingReceiver> = new Map();
export const waitingSenders: Map<number, WaitingSender> = new Map();

/** Takes what has come for calls. */
let takeCalls: () => void = () => {};

/** Who takes what comes for calls: the layer above. */
export function onCalls(take: () => void): void {
  takeCalls = take;
}

/** Called when this thread leaves its session, with what whoever waits is told. */
const leaving = new Set<(error: Error) => void>();

export function onLeave(told: (error: Error) => void): void {
  leaving.add(told);
}

let turn: { promise: Promise<void>; resolve: () => void } | undefined;

let session: Joined | undefined;

/** The session that this thread is in: another object each time it joins one. */
export function currentSession(): Joined | undefined {
  return session;
}

/** Joins a session. */
export function openLoop(address: string | null, busyPollUs: number): Joined {
  try {
    const buffers = { staging: staging.bytes, ranges, inbox, table, events };
    session = native.open({ address, busyPollUs }, buffers, onEvents);
    copies.count++;
    return session;
  } catch (error) {
    throw asKlawError(error);
  }
}

/** Leaves the session. Whoever waits is told `error`. */
export function closeLoop(error: Error): void {
  if (session === undefined) return;
  native.close();
  session = undefined;
  copies.count--;
  const left = [...waitingReceivers.values(), ...waitingSenders.values()];
  waitingReceivers.clear();
  waitingSenders.clear();
  for (const end of left) end.ended(error);
  for (const told of leaving) told(error);
  turn?.resolve();
  turn = undefined;
}

/** Resolves when the loop has turned: timers and sockets had their time. */
export function nextTurn(): Promise<void> {
  if (turn === undefined) {
    native.wantTurn();
    let resolve!: () => void;
    const promise = new Promise<void>((done) => {
      resolve = done;
    });
    turn = { promise, resolve };
  }
  return turn.promise;
}

function onEvents(count: number): void {
  for (let at = 0; at < count * EVENT_WORDS; at += EVENT_WORDS) {
    const [kind, handle] = [events[at]!, events[at + 1]!];
    if (kind === READY_EVENT) {
      waitingReceivers.get(handle)?.ready();
    } else if (kind === SENT_EVENT) {
      waitingSenders.get(handle)?.sent(events[at + 2]!);
    } else if (kind === FAILED_EVENT) {
      const error = asKlawError(native.failure());
      waitingSenders.get(handle)?.failed(events[at + 2]!, error);
    } else if (kind === CALLS_EVENT) {
      takeCalls();
    } else {
      const done = turn;
      turn = undefined;
      done?.resolve();
    }
  }
}
