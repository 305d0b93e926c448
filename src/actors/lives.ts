/**
 * Where the actors are that this thread makes or calls: told by the agent, for whoever waits.
 *
 * @module
 */
import { failure } from "../calls/failures.ts";
import { onEntry, type Entry } from "../calls/take.ts";
import { SendingEnd } from "../channel/sender.ts";
import { ActorAlreadyExistsError } from "../errors/index.ts";
import { onLeave } from "../loop.ts";
import {
  ACTOR_ENTRY,
  ALIVE,
  DEAD,
  FOUND_ENTRY,
  NAME_TAKEN_ENTRY,
  STARTING,
  native,
} from "../native/index.ts";
import type { ActorFacts } from "./facts.ts";

/** An actor that was found by its name: what a handle is made of. */
export interface Introduced {
  readonly actor: number;
  readonly facts: ActorFacts;
  readonly life: SendingEnd<never>;
}

/** Somebody who waits for an actor to be there. */
interface Waiting {
  readonly alive: (restarts: number) => void;
  /** It is being started; true if that was waited for. */
  readonly starting?: (restarts: number) => boolean;
  readonly dead: (error: unknown) => void;
  /** Another actor has the name. */
  readonly taken: (by: Introduced) => void;
}

/** Somebody who has asked for a name. */
interface Question {
  readonly found: (actor: Introduced | undefined) => void;
  readonly lost: (error: Error) => void;
}

/** By the actor's number. */
const waiting = new Map<number, Waiting[]>();
/** Questions for names, by their numbers. */
const questions = new Map<number, Question>();
let nextQuestion = 0;

onLeave((error) => {
  const [actors, asked] = [[...waiting.values()].flat(), [...questions.values()]];
  waiting.clear();
  questions.clear();
  for (const { dead } of actors) dead(error);
  for (const { lost } of asked) lost(error);
});

/** True while somebody waits for something of the actor. */
export function isAwaited(actor: number): boolean {
  return waiting.has(actor);
}

/** Resolves when the actor's constructor has run; rejects when it is dead. */
export function untilAlive(actor: number): Promise<undefined> {
  return new Promise((alive, dead) => {
    const taken = (): void =>
      dead(new ActorAlreadyExistsError("another actor has this name; getIfExists gives that one"));
    add(actor, { alive: () => alive(undefined), dead, taken });
  });
}

/** As {@link untilAlive}, for an actor that is not made if another one has its name already: that one then. */
export function untilMade(actor: number): Promise<Introduced | undefined> {
  return new Promise((made, dead) => add(actor, { alive: () => made(undefined), dead, taken: made }));
}

/** Resolves with why, once the actor is dead. */
export function untilDead(actor: number): Promise<unknown> {
  return new Promise((ended) => {
    // An actor that comes back is still waited for.
    const wait = (): void => add(actor, { alive: wait, dead: ended, taken: () => ended(undefined) });
    wait();
  });
}

/** Resolves when the life is over that the actor has when it is next told about: it is dead, or comes back. */
export function untilLifeOver(actor: number): Promise<unknown> {
  return new Promise((over) => {
    let first: number | undefined;
    const isOver = (restarts: number): boolean => {
      first ??= restarts;
      if (restarts > first) over(undefined);
      return restarts > first;
    };
    const alive = (restarts: number): void => {
      if (!isOver(restarts)) wait();
    };
    const wait = (): void => add(actor, { alive, starting: isOver, dead: over, taken: over });
    wait();
  });
}

/** Asks `ask` with the number of a new question; resolves with the actor of that name, if there is one. */
export function answer(ask: (question: number) => void): Promise<Introduced | undefined> {
  return new Promise((found, lost) => {
    const question = nextQuestion++;
    ask(question);
    questions.set(question, { found, lost });
    stayAlive();
  });
}

function add(actor: number, who: Waiting): void {
  const others = waiting.get(actor);
  if (others === undefined) waiting.set(actor, [who]);
  else others.push(who);
  stayAlive();
}

/** The process has something to wait for, or has not. */
function stayAlive(): void {
  native.awaitActors(waiting.size + questions.size > 0);
}

function takeAll(actor: number): Waiting[] {
  const all = waiting.get(actor) ?? [];
  waiting.delete(actor);
  if (all.length > 0) stayAlive();
  return all;
}

function takeSome(actor: number, isDone: (who: Waiting) => boolean): void {
  const left = (waiting.get(actor) ?? []).filter((who) => !isDone(who));
  if (left.length === 0) takeAll(actor);
  else waiting.set(actor, left);
}

onEntry(ACTOR_ENTRY, (entry) => {
  const [state, restarts] = entry.words;
  if (state === ALIVE) {
    for (const { alive } of takeAll(entry.name)) alive(restarts);
  } else if (state === STARTING) {
    takeSome(entry.name, ({ starting }) => starting?.(restarts) === true);
  } else if (state === DEAD) {
    const error = failure(() => (entry.bytes().length === 0 ? undefined : entry.value("error")));
    for (const { dead } of takeAll(entry.name)) dead(error);
  }
});

onEntry(NAME_TAKEN_ENTRY, (entry) => {
  const by = introduced(entry, entry.words[0]);
  for (const { taken } of takeAll(entry.name)) taken(by);
});

onEntry(FOUND_ENTRY, (entry) => {
  const question = questions.get(entry.name);
  questions.delete(entry.name);
  stayAlive();
  const [isFound, actor] = entry.words;
  question?.found(isFound === 0 ? undefined : introduced(entry, actor));
});

function introduced(entry: Entry, actor: number): Introduced {
  const life = entry.ends[0] as SendingEnd<never> | undefined;
  // None: the last handle was just dropped, and it is ending; calls will say so.
  return { actor, facts: entry.value("facts") as ActorFacts, life: life ?? new SendingEnd<never>(undefined) };
}
