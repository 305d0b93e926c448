import { define } from "../definitions/index.ts";
import { asKlawError, native } from "../native/index.ts";
import { defaultNamespace } from "../settings.ts";
import { create, remote, type Making } from "./create.ts";
import { notFound } from "./end.ts";
import { makeHandle } from "./handle.ts";
import { answer } from "./lives.ts";
import { actorShape } from "./methods.ts";
import type { ActorDefaults, ActorOptions } from "./options.ts";
import type { ActorClass, ActorFactory, AnyConstructor, HandleOf } from "./types.ts";

/**
 * Makes a class's instances actors: each lives in a process of its own, and is called from any other by a handle.
 *
 * Call it where the class is defined, at the top level of a module: workers import that module and find the class by its name. Its
 * methods may be called from anywhere, one at a time, unless the class has async methods, which take turns at their awaits
 * (`maxConcurrency`).
 *
 * @throws InvalidArgumentError for what is no class, a class with a member `then`, and options that mean nothing.
 * @throws KlawError `ERR_KLAW_DEFINITION_NO_MODULE` if the module can't be found (a REPL, `-e`), `ERR_KLAW_DEFINITION_IN_TEST_FILE` in
 * a test file, `ERR_KLAW_DEFINITION_NAME_TAKEN` if another definition of the module has the name.
 * @see {@link https://docs.ray.io/en/latest/ray-core/actors.html | Ray's actors}
 *
 * @example
 * ```ts
 * export class Counter {
 *   #n = 0;
 *   inc(by = 1) { return (this.#n += by) }
 * }
 * export const Counters = actor(Counter);
 *
 * await using runtime = await init();
 * const counter = await Counters.create();
 * await counter.inc(); // 1
 * ```
 */
export function actor<C extends AnyConstructor>(
  actorClass: C,
  defaults: ActorDefaults<C> = {},
): ActorClass<C> {
  const { name, module, ...options } = defaults;
  const definition = define("actor", actorClass, { name, module }, actor);
  const making: Making = { definition, shape: actorShape(actorClass), options };
  const made: object = {
    ...factory(making),
    options: (more: ActorOptions): object => factory({ ...making, options: { ...options, ...more } }),
  };
  return made as ActorClass<C>;
}

function factory(making: Making): ActorFactory<AnyConstructor> {
  const made: object = {
    create: (...args: unknown[]): Promise<object> => create(making, args),
    remote: (...args: unknown[]): object => remote(making, args),
  };
  return made as ActorFactory<AnyConstructor>;
}

/**
 * The actor that was made with this name.
 *
 * @param options - `namespace`: what the name is unique in. Default: that of the runtime.
 * @throws ActorNotFoundError if none has it, or none any more.
 *
 * @example
 * ```ts
 * await Counters.options({ name: "visits" }).create();
 * const visits = await getActor<typeof Counters>("visits"); // in any process of the session
 * ```
 */
export async function getActor<A extends ActorClass<AnyConstructor>>(
  name: string,
  options: { readonly namespace?: string | undefined } = {},
): Promise<HandleOf<A>> {
  const { namespace = defaultNamespace() } = options;
  let found;
  try {
    found = await answer((question) => native.findActor(question, namespace, name));
  } catch (error) {
    throw asKlawError(error);
  }
  if (found === undefined) throw notFound(name, namespace);
  return makeHandle(found.facts, found.actor, found.life) as unknown as HandleOf<A>;
}
