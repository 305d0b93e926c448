/**
 * State that every copy of this package in a process shares. There is more than one when a loader makes CommonJS of the
 * package for some modules and not for others, as tsx does for a project of `"type": "commonjs"`.
 *
 * @param name - ends in a version, to be raised when the state's form changes.
 */
export function processWide<T>(name: string, make: () => T): T {
  const key = Symbol.for(`klaw-runtime.${name}`);
  const holder = globalThis as { [shared: symbol]: unknown };
  return (holder[key] ??= make()) as T;
}
