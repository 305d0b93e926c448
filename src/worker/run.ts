/**
 * Running calls: the worker's part.
 *
 * @module
 */
import { onEntry, type Payload } from "../calls/take.ts";
import { load, type Definition, type DefinitionIdentity } from "../definitions/index.ts";
import { DefinitionNotFoundError } from "../errors/index.ts";
import { CANCELLED_ENTRY, DEFINITION_ENTRY, START_ENTRY } from "../native/index.ts";
import type { ActorFacts } from "../actors/facts.ts";
import { RunContext, running } from "./context.ts";
import { replyError, replyValue } from "./reply.ts";

type Run = (...args: unknown[]) => unknown;

/** The actor that this worker is. */
export interface Actor {
  readonly instance: Readonly<Record<string, unknown>>;
  readonly facts: ActorFacts;
}

/** Definitions of tasks, by the numbers that calls name them by. */
const tasks: (Run | Promise<Run>)[] = [];
/** Calls that run, by their places. */
const runs: (RunContext | undefined)[] = [];
let actor: Actor | undefined;

/** From now on calls are this actor's. */
export function becomeActor(become: Actor): void {
  actor = become;
}

onEntry(DEFINITION_ENTRY, (entry) => {
  const { name } = entry;
  const identity = JSON.parse(Buffer.from(entry.bytes()).toString()) as DefinitionIdentity;
  const loading = load(identity).then(({ value }: Definition) => (tasks[name] = value as Run));
  // Each call that names it will say so.
  loading.catch(() => {});
  tasks[name] = loading;
});

onEntry(CANCELLED_ENTRY, ({ name }) => runs[name]?.cancel());

onEntry(START_ENTRY, (entry) => {
  const [method, definition, attempt] = entry.words;
  const context = new RunContext(attempt);
  runs[entry.name] = context;
  const run = definition === 0 ? methodOf(method) : tasks[definition];
  if (typeof run === "function") return runNow(entry.name, context, run, entry);
  // Its arguments may be of classes that its module registers.
  const detached = entry.detach();
  Promise.resolve(
    run ?? Promise.reject(new DefinitionNotFoundError("nobody has said what this call is for")),
  ).then(
    (loaded) => runNow(entry.name, context, loaded, detached),
    (error: unknown) => answer(entry.name, replyError, error),
  );
});

function methodOf(index: number): Run | undefined {
  if (actor === undefined) return undefined;
  const { facts, instance } = actor;
  const name = facts.methods[index]?.name ?? "";
  const method = instance[name];
  return typeof method === "function" ? (method.bind(instance) as Run) : undefined;
}

function runNow(place: number, context: RunContext, run: Run, args: Payload): void {
  let result: unknown;
  try {
    const values = args.value("args") as unknown[];
    result = running.run(context, () => run(...values));
  } catch (error) {
    return answer(place, replyError, error);
  }
  if (!isThenable(result)) return answer(place, replyValue, result);
  Promise.resolve(result).then(
    (value) => answer(place, replyValue, value),
    (error: unknown) => answer(place, replyError, error),
  );
}

function answer(place: number, reply: (run: number, value: unknown) => void, value: unknown): void {
  // Before the reply: the place may be the next call's then.
  runs[place] = undefined;
  reply(place, value);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    ((typeof value === "object" && value !== null) || typeof value === "function") &&
    typeof (value as Partial<PromiseLike<unknown>>).then === "function"
  );
}
