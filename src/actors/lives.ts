/**
 * Where the actors are that this thread makes or calls: told by the agent, for whoever waits.
 *
 * @module
 */
import { failure, onEntry } from "../calls/take.ts";
import { ActorAlreadyExistsError } from "../errors/index.ts";
import { onLeave } from "../loop.ts";
import { ACTOR_ENTRY, ALIVE, DEAD, FOUND_ENTRY, NAME_TAKEN_ENTRY } from "../native/index.ts";

/** Somebody who waits for an actor to be there. */
interface Waiting {
  readonly alive: (state: { pid: number; restarts: number }) => void;
  readonly dead: (error: unknown) => void;
  /** Another actor has the name. */
  readonly taken: (by: number) => void;
}

/** By the actor's number. */
const waiting = new Map<number, Waiting[]>();
/** Questions for names, by their numbers. */
const questions = new Map<number, { found: (actor: number | undefined) => void; lost: (error: Error) => void }>();
let nextQuestion = 0;

onLeave((error) => {
  const [actors, asked] = [[...waiting.values()].flat(), [...questions.values()]];
  waiting.clear();
  questions.clear();
  for (const { dead } of actors) dead(error);
  for (const { lost } of asked) lost(error);
});

/** Resolves when the actor's constructor has run; rejects when it is dead. */
export function untilAlive(actor: number): Promise<{ pid: number; restarts: number }> {
  return new Promise((alive, dead) => {
    const taken = (): void =>
      dead(new ActorAlreadyExistsError("another actor has this name; getIfExists gives that one"));
    add(actor, { alive, dead, taken });
  });
}

/** As {@link untilAlive}, for an actor that may turn out to be there already under its name: the number of the one that is. */
export function untilMade(actor: number): Promise<number> {
  return new Promise((made, dead) => add(actor, { alive: () => made(actor), dead, taken: made }));
}

/** Resolves with why, once the actor is dead. */
export function untilDead(actor: number): Promise<unknown> {
  return new Promise((ended) => {
    // An actor that comes back is still waited for.
    const wait = (): void => add(actor, { alive: wait, dead: ended, taken: () => ended(undefined) });
    wait();
  });
}

/** Asks `ask` with the number of a new question; resolves with the actor of that name, if there is one. */
export function answer(ask: (question: number) => void): Promise<number | undefined> {
  return new Promise((found, lost) => {
    const question = nextQuestion++;
    ask(question);
    questions.set(question, { found, lost });
  });
}

function add(actor: number, who: Waiting): void {
  const others = waiting.get(actor);
  if (others === undefined) waiting.set(actor, [who]);
  else others.push(who);
}

function takeAll(actor: number): Waiting[] {
  const all = waiting.get(actor) ?? [];
  waiting.delete(actor);
  return all;
}

onEntry(ACTOR_ENTRY, (entry) => {
  const [state, restarts, pid] = entry.words;
  if (state === ALIVE) {
    for (const { alive } of takeAll(entry.name)) alive({ pid, restarts });
  } else if (state === DEAD) {
    const error = failure(() => (entry.bytes().length === 0 ? undefined : entry.value("error")));
    for (const { dead } of takeAll(entry.name)) dead(error);
  }
});

onEntry(NAME_TAKEN_ENTRY, ({ name, words }) => {
  for (const { taken } of takeAll(name)) taken(words[0]);
});

onEntry(FOUND_ENTRY, ({ name, words }) => {
  const question = questions.get(name);
  questions.delete(name);
  question?.found(words[0] === 0 ? undefined : words[1]);
});
