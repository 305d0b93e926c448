import { types } from "node:util";

import { checkCount } from "../check.ts";
import { retries } from "../actors/handle.ts";
import { callable, type Callable } from "../calls/callable.ts";
import type { AnyFunction } from "../calls/signatures.ts";
import { define, type Definition } from "../definitions/index.ts";
import { TaskUnschedulableError } from "../errors/index.ts";
import { currentSession } from "../loop.ts";
import { native } from "../native/index.ts";
import { CPU, cpusOf, sessionCpus } from "../settings.ts";
import type { Task, TaskDefaults, TaskOptions } from "./types.ts";

const MAX_RETRIES = 3;

/**
 * Makes a function a task: called, it runs in a worker process.
 *
 * Call it where the function is defined, at the top level of a module: workers import that module and find the function by its name. A
 * call that was running when its worker died is tried again, three times unless `maxRetries` says otherwise: a task should do
 * no harm when it runs twice.
 *
 * @throws InvalidArgumentError for what is no function, and options that mean nothing.
 * @throws KlawError `ERR_KLAW_DEFINITION_NO_MODULE` if the module can't be found (a REPL, `-e`), `ERR_KLAW_DEFINITION_IN_TEST_FILE` in
 * a test file, `ERR_KLAW_DEFINITION_NAME_TAKEN` if another definition of the module has the name.
 * @see {@link https://docs.ray.io/en/latest/ray-core/tasks.html | Ray's tasks}
 *
 * @example
 * ```ts
 * export const square = task(function square(x: number) { return x * x });
 *
 * await using runtime = await init();
 * await Promise.all([1, 2, 3].map((x) => square(x))); // [1, 4, 9]
 * ```
 */
export function task<F extends AnyFunction>(run: F, defaults: TaskDefaults = {}): Task<F> {
  const { name, module, ...options } = defaults;
  const definition = define("task", run, { name, module }, task);
  const bound = bind(definition, options);
  const made = Object.assign(bound, {
    local: run,
    options: (more: TaskOptions): Callable => bind(definition, { ...options, ...more }),
  });
  Object.defineProperty(made, "name", { value: definition.name });
  return made as unknown as Task<F>;
}

function bind(definition: Definition, options: TaskOptions): Callable {
  check(options);
  const { signal, timeoutMs } = options;
  const wait = signal === undefined && timeoutMs === undefined ? undefined : { signal, timeoutMs };
  let [session, known]: [object | undefined, number] = [undefined, 0];
  const callee = (): number => {
    // A number of another session would name something else.
    if (session === undefined || session !== currentSession()) {
      known = calleeOf(definition, options);
      session = currentSession();
    }
    return known;
  };
  const kind = isStream(definition) ? "stream" : "call";
  return callable({ callee, method: 0, keeps: undefined, wait }, kind);
}

function isStream({ value }: Definition): boolean {
  return types.isGeneratorFunction(value);
}

function calleeOf(definition: Definition, options: TaskOptions): number {
  const { module, name, hash } = definition;
  const { numCpus, maxRetries = MAX_RETRIES, retryExceptions = false } = options;
  const cpus = numCpus === undefined ? CPU : cpusOf(numCpus);
  const total = sessionCpus();
  if (total !== undefined && cpus > cpusOf(total)) {
    throw new TaskUnschedulableError(
      `${name} needs ${numCpus ?? 1} CPUs and the session has ${total}: give init() more (numCpus), or the task less`,
    );
  }
  return native.callee({
    definition: native.define(JSON.stringify({ kind: "task", module, name, hash })),
    ordered: false,
    group: 0,
    cpus,
    // What was streamed once would come again.
    maxRetries: isStream(definition) ? 0 : retries(maxRetries),
    retryErrors: retryExceptions && !isStream(definition),
    failWhileRestarting: false,
    maxPending: null,
    actor: null,
  });
}

function check({ maxRetries, numCpus }: TaskOptions): void {
  if (maxRetries !== undefined) checkCount("maxRetries", maxRetries, -1);
  if (numCpus !== undefined) cpusOf(numCpus);
}
