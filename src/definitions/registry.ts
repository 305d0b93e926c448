import { processWide } from "../process-wide.ts";
import type { Definition, DefinitionIdentity } from "./types.ts";

/** A definition, and the evaluation of its module that it comes from: its URL with its query, or its path. */
export interface Registered {
  readonly definition: Definition;
  readonly script: string;
}

type Listener = (definition: Definition) => void;

interface Registry {
  readonly byKey: Map<string, Registered>;
  /** How many definitions without a name a script has. */
  readonly nameless: Map<string, number>;
  readonly listeners: Set<Listener>;
}

const registry = processWide<Registry>("definitions.1", () => ({
  byKey: new Map(),
  nameless: new Map(),
  listeners: new Set(),
}));

/** Unique, because a module's URL holds no `#`. */
function keyOf(module: string, name: string): string {
  return `${module}#${name}`;
}

/** What this name stands for in the module. */
export function registered(module: string, name: string): Registered | undefined {
  return registry.byKey.get(keyOf(module, name));
}

/** The definition that is wanted, if it is registered here. */
export function find({ kind, module, name }: DefinitionIdentity): Definition | undefined {
  const found = registered(module, name)?.definition;
  return found?.kind === kind ? found : undefined;
}

/** Makes a definition known to those who wait for it; an older one with its name is replaced. */
export function register(entry: Registered): void {
  const { module, name } = entry.definition;
  registry.byKey.set(keyOf(module, name), entry);
  for (const listener of registry.listeners) listener(entry.definition);
}

/** Calls `listener` with every definition from now on, until the returned function is called. */
export function onRegister(listener: Listener): () => void {
  registry.listeners.add(listener);
  return () => registry.listeners.delete(listener);
}

/** The name of the next definition of `script` that has none of its own. */
export function nextOrdinal(script: string): string {
  const ordinal = (registry.nameless.get(script) ?? 0) + 1;
  registry.nameless.set(script, ordinal);
  return `#${ordinal}`;
}
