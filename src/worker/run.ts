/**
 * Running calls: the worker's part.
 *
 * @module
 */
import { onEntry, type Entry } from "../calls/take.ts";
import { ChannelEnd } from "../channel/ends.ts";
import { load, type Definition, type DefinitionIdentity } from "../definitions/index.ts";
import { DefinitionNotFoundError } from "../errors/index.ts";
import { CANCELLED_ENTRY, DEFINITION_ENTRY, START_ENTRY } from "../native/index.ts";
import type { ActorFacts } from "../actors/facts.ts";
import { argumentsOf } from "./arguments.ts";
import { RunContext, running } from "./context.ts";
import { replyError, replyValue } from "./reply.ts";
import { isGenerator, notDeclared, sendItems } from "./stream.ts";

type Run = (...args: unknown[]) => unknown;

interface Runnable {
  readonly run: Run;
  readonly streams: boolean;
}

/** The actor that this worker is. */
interface Actor {
  readonly instance: Readonly<Record<string, unknown>>;
  readonly facts: ActorFacts;
  /** Those that were called already. */
  readonly methods: (Runnable | undefined)[];
}

/** Definitions of tasks, by the numbers that calls name them by. */
const tasks: (Runnable | Promise<Runnable>)[] = [];
/** Calls that run, by their places. */
const runs: (RunContext | undefined)[] = [];
let actor: Actor | undefined;

/** From now on calls are this actor's. */
export function becomeActor(instance: object, facts: ActorFacts): void {
  actor = { instance: instance as Record<string, unknown>, facts, methods: [] };
}

/** Takes calls from now on. */
export function serveCalls(): void {
  onEntry(DEFINITION_ENTRY, define);
  onEntry(CANCELLED_ENTRY, ({ name }) => runs[name]?.cancel());
  onEntry(START_ENTRY, start);
}

function define(entry: Entry): void {
  const { name } = entry;
  const identity = JSON.parse(Buffer.from(entry.bytes()).toString()) as DefinitionIdentity;
  const loading = load(identity).then(
    ({ value }: Definition) => (tasks[name] = { run: value as Run, streams: isGenerator(value) }),
  );
  // Each call that names it will say so.
  loading.catch(() => {});
  tasks[name] = loading;
}

function start(entry: Entry): void {
  const [method, definition, tries] = entry.words;
  const context = new RunContext(tries & 0xffff);
  const parts = tries >>> 16;
  runs[entry.name] = context;
  const known = definition === 0 ? methodOf(method) : tasks[definition];
  if (known !== undefined && "run" in known)
    return runNow(entry.name, context, known, () => argumentsOf(entry, parts));
  // Its arguments may be of classes that its module registers.
  const payload = entry.detach();
  Promise.resolve(
    known ?? Promise.reject(new DefinitionNotFoundError("nobody has said what this call is for")),
  ).then(
    (loaded) => runNow(entry.name, context, loaded, () => argumentsOf(payload, parts)),
    (error: unknown) => answer(entry.name, replyError, error),
  );
}

function methodOf(index: number): Runnable | undefined {
  if (actor === undefined) return undefined;
  const { facts, instance, methods } = actor;
  const known = methods[index];
  if (known !== undefined) return known;
  const method = instance[facts.methods[index]?.name ?? ""];
  if (typeof method !== "function") return undefined;
  return (methods[index] = { run: method.bind(instance) as Run, streams: isGenerator(method) });
}

function runNow(place: number, context: RunContext, runnable: Runnable, args: () => unknown[]): void {
  let result: unknown;
  try {
    const values = args();
    result = running.run(context, () => call(runnable, values));
  } catch (error) {
    return answer(place, replyError, error);
  }
  if (!isThenable(result)) return answer(place, replyValue, result);
  Promise.resolve(result).then(
    (value) => answer(place, replyValue, value),
    (error: unknown) => answer(place, replyError, error),
  );
}

function call({ run, streams }: Runnable, args: unknown[]): unknown {
  if (streams) return sendItems(run as Parameters<typeof sendItems>[0], args);
  const result = run(...args);
  if (isUndeclaredStream(result)) throw notDeclared(run);
  return result;
}

/** A receiver can be iterated too, but travels as it is. */
function isUndeclaredStream(result: unknown): boolean {
  if (typeof result !== "object" || result === null || result instanceof ChannelEnd) return false;
  return Symbol.asyncIterator in result;
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
