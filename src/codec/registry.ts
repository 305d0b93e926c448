import { InvalidArgumentError, KlawError } from "../errors/index.ts";

/** A class of any kind, abstract ones and those with a private constructor too. */
export type AnyClass<T extends object = object> =
  (abstract new (...args: never[]) => T) | (Function & { prototype: T });

/** How instances of a class travel. */
export interface SerializerOptions<T extends object, E = unknown> {
  /**
   * Gives what travels instead of the instance: any value that can travel. Without `encode` and `decode`, the
   * instance's own fields travel.
   */
  readonly encode?: (instance: T) => E;
  /** Makes the instance again, in the process that receives it. */
  readonly decode?: (encoded: E) => T;
  /** What both sides call the class. Default: the class's own name; minifiers change that. */
  readonly name?: string;
}

/** A class whose instances travel. */
export interface RegisteredClass {
  readonly name: string;
  readonly prototype: object;
  readonly isError: boolean;
  readonly convert:
    | { readonly encode: (instance: object) => unknown; readonly decode: (encoded: unknown) => object }
    | undefined;
}

const byName = new Map<string, RegisteredClass>();
const byPrototype = new Map<object, RegisteredClass>();
/** Names that classes have beside those that they were registered under. */
const aliases = new Set<string>();
const references = new Set<object>();

/** Bases whose instances are more than their fields; errors are taken apart by the codec. */
const EXOTIC_BASES: readonly AnyClass[] = [
  Array,
  ArrayBuffer,
  Boolean,
  DataView,
  Date,
  Function,
  Map,
  Number,
  Object.getPrototypeOf(Uint8Array) as AnyClass,
  Promise,
  RegExp,
  Set,
  SharedArrayBuffer,
  String,
  WeakMap,
  WeakSet,
];

/** Classes that the codec knows and that are written in JavaScript, so that they do not look built in. */
const KNOWN: ReadonlySet<unknown> = new Set([Buffer, URL, URLSearchParams, DOMException]);

/**
 * Makes instances of `registered` travel, in values of every kind. Both sides must register it; a module that both
 * import is the place for it.
 *
 * Without `encode` and `decode` the own enumerable fields travel, and the instance arrives with its prototype but
 * without a call of its constructor: private `#fields` don't travel. A class that has some, or that extends a built-in
 * class other than Error, needs `encode` and `decode`. Subclasses are registered on their own. Registering a class
 * again replaces what was said before.
 *
 * @throws InvalidArgumentError if the class has no name, is built in or a plain function, or cannot do without `encode`.
 * @throws KlawError `ERR_KLAW_CLASS_NAME_TAKEN` if another class has that name.
 *
 * @example
 * ```ts
 * class Point {
 *   constructor(public x: number, public y: number) {}
 *   get length() { return Math.hypot(this.x, this.y) }
 * }
 * registerSerializer(Point);
 *
 * class Money {
 *   #cents: bigint;
 *   constructor(cents: bigint) { this.#cents = cents }
 *   get cents() { return this.#cents }
 * }
 * registerSerializer(Money, { encode: (money) => money.cents, decode: (cents) => new Money(cents) });
 * ```
 */
export function registerSerializer<T extends object, E = unknown>(
  registered: AnyClass<T>,
  options: SerializerOptions<T, E> = {},
): void {
  const { encode, decode } = options;
  if (
    typeof registered !== "function" ||
    typeof registered.prototype !== "object" ||
    registered.prototype === null
  ) {
    throw new InvalidArgumentError("registerSerializer was given no class; give it the class itself");
  }
  const name = options.name ?? registered.name;
  const prototype: object = registered.prototype;
  if (typeof name !== "string" || name === "") {
    throw new InvalidArgumentError("the class to register has no name; give it one by the option `name`");
  }
  if (isNative(registered) || KNOWN.has(registered)) {
    throw new InvalidArgumentError(`${name} is built in, and travels or doesn't as the documentation says`);
  }
  if ((encode === undefined) !== (decode === undefined)) {
    throw new InvalidArgumentError(`the serializer of ${name} needs both encode and decode, or neither`);
  }
  const base = EXOTIC_BASES.find((exotic) => prototype instanceof (exotic as never));
  if (encode === undefined && base !== undefined) {
    throw new InvalidArgumentError(
      `${name} extends ${base.name}, which is more than fields: give encode and decode`,
    );
  }
  add({
    name,
    prototype,
    isError: prototype instanceof Error,
    convert: encode && decode && ({ encode, decode } as never),
  });
}

function add(entry: RegisteredClass): void {
  const { name, prototype } = entry;
  const holder = byName.get(name);
  if (holder !== undefined && holder.prototype !== prototype) {
    throw new KlawError(
      "ERR_KLAW_CLASS_NAME_TAKEN",
      `another class is registered as ${JSON.stringify(name)}: give one of them another name, by the option \`name\``,
      { details: { name } },
    );
  }
  const former = byPrototype.get(prototype);
  if (former !== undefined && !aliases.has(former.name)) byName.delete(former.name);
  byName.set(name, entry);
  byPrototype.set(prototype, entry);
}

/**
 * One more name of an error class, under which instances are read; they are written under it if the class has no other. A name that
 * is taken stays as it is.
 */
export function registerAlias(name: string, prototype: object): void {
  if (byName.has(name)) return;
  const entry: RegisteredClass = { name, prototype, isError: true, convert: undefined };
  aliases.add(name);
  byName.set(name, entry);
  if (!byPrototype.has(prototype)) byPrototype.set(prototype, entry);
}

/**
 * Makes instances of `referenced` travel by reference: the payload names them by ordinal, the record carries what
 * stands for them, and whoever receives it gives the decoder the objects that arrived. Subclasses are registered on
 * their own. It may be a built-in class that does not travel otherwise, such as AbortSignal.
 *
 * @example
 * ```ts
 * class Ticket {}
 * registerReference(Ticket);
 * const ticket = new Ticket();
 * const staging = new Staging(new Uint8Array(4096));
 * encode({ first: ticket, again: ticket }, staging);
 * staging.refs; // [ticket]
 * ```
 */
export function registerReference(referenced: AnyClass): void {
  references.add(referenced.prototype as object);
}

/** Instances with this prototype travel as those of `registered` do: for classes that are made while the program runs. */
export function registerLike(prototype: object, registered: AnyClass): void {
  const entry = byPrototype.get(registered.prototype as object);
  if (entry !== undefined) byPrototype.set(prototype, entry);
}

/** True if objects with this prototype travel by reference. */
export function isReferencePrototype(prototype: object): boolean {
  return references.has(prototype);
}

/** The class of objects with this prototype, if it is registered. */
export function registeredByPrototype(prototype: object): RegisteredClass | undefined {
  return byPrototype.get(prototype);
}

/** The class that was registered under this name. */
export function registeredByName(name: string): RegisteredClass | undefined {
  return byName.get(name);
}

/** True for functions that are not written in JavaScript. */
export function isNative(candidate: unknown): boolean {
  return (
    typeof candidate === "function" &&
    Function.prototype.toString.call(candidate).endsWith("{ [native code] }")
  );
}
