/** What the compiler must know of actors, and must refuse. Compiled by the lints, never run. */
import type { ActorDefaults, ActorOptions } from "../../src/actors/options.ts";
import type { ActorClass, ActorHandle, AnyConstructor, HandleOf } from "../../src/actors/types.ts";
import type { Receiver } from "../../src/channel/index.ts";
import type { ObjectRef, ObjectRefGenerator, Stream } from "../../src/objects/types.ts";
import { same } from "./same.ts";

declare function actor<C extends AnyConstructor>(actorClass: C, defaults?: ActorDefaults<C>): ActorClass<C>;
declare function getActor<A extends ActorClass<any>>(name: string): Promise<HandleOf<A>>;
declare const ref: <T>() => ObjectRef<T>;

declare class Counter {
  constructor(start: number, name?: string);
  field: number;
  get value(): number;
  inc(by?: number): number;
  later(): Promise<string>;
  whatever(key: string): any;
  items(count: number): AsyncGenerator<string>;
  numbers(): Generator<number, string, boolean>;
  inbox(): Receiver<string>;
  fails(): never;
  parse(text: string): object;
  parse(text: string, lenient: true): object | undefined;
  parse(bytes: Uint8Array): number;
  same<T>(value: T): T;
  untyped(value: any): void;
  rest(first: string, ...others: number[]): boolean;
  nested(refs: { part: ObjectRef<number> }[]): number;
  flat(part: ObjectRef<number>): number;
  gives(): ObjectRef<string>;
  then(): void; // oxlint-disable-line unicorn/no-thenable
  #secret(): void;
  protected guarded(): void;
}
const Counters = actor(Counter);
declare const counter: HandleOf<typeof Counters>;

export async function handles(): Promise<void> {
  same<typeof counter, ActorHandle<Counter>>();
  same<Awaited<ReturnType<typeof getActor<typeof Counters>>>, ActorHandle<Counter>>();
  same<Awaited<ReturnType<typeof Counters.create>>, ActorHandle<Counter>>();
  same<ReturnType<typeof Counters.remote>, ActorHandle<Counter>>();
  await using made = await Counters.create(1, "a name");
  Counters.remote(1);
  await Counters.create(ref<number>());
  // @ts-expect-error no argument
  await Counters.create();
  // @ts-expect-error a wrong one
  Counters.remote("1");
  // @ts-expect-error a reference to a wrong one
  await Counters.options({ maxRestarts: 1 }).create(ref<string>());
  void made;
}

export async function calls(): Promise<void> {
  const sum = counter.inc(2);
  same<typeof sum, Promise<number>>();
  same<ReturnType<typeof counter.inc.remote>, ObjectRef<number>>();
  same<ReturnType<typeof counter.later>, Promise<string>>();
  same<ReturnType<typeof counter.later.remote>, ObjectRef<string>>();
  same<ReturnType<typeof counter.gives>, Promise<ObjectRef<string>>>();
  same<Parameters<typeof counter.untyped>, [value: any]>();
  await counter.inc(ref<number>());
  await counter.inc(counter.inc.remote());
  await counter.rest("a", 1, ref<number>());
  await counter.nested([{ part: ref<number>() }]);
  await counter.inc.options({ timeoutMs: 5, signal: AbortSignal.abort() })(1);
  counter.inc.options({ maxTaskRetries: -1, retryExceptions: true }).remote(1);
  // @ts-expect-error a typo
  await counter.incc();
  // @ts-expect-error a wrong argument
  await counter.inc("1");
  // @ts-expect-error a reference to a wrong one
  await counter.inc(ref<string>());
  // @ts-expect-error too many
  counter.inc.remote(1, 2);
  // @ts-expect-error a typo in an option
  counter.inc.options({ timeoutMS: 5 });
  // @ts-expect-error options once
  counter.inc.options({}).options({});
  // @ts-expect-error it would get the value, not the reference
  await counter.flat(ref<number>());
}

export async function streams(): Promise<void> {
  same<ReturnType<typeof counter.items>, Stream<string>>();
  same<ReturnType<typeof counter.items.remote>, ObjectRefGenerator<string>>();
  same<ReturnType<typeof counter.numbers>, Stream<number>>();
  for await (const item of counter.items(3)) same<typeof item, string>();
  for await (const item of counter.items.remote(3)) same<typeof item, ObjectRef<string>>();
  await using stream = counter.items.options({ timeoutMs: 1 })(3);
  for await (const item of stream.readable()) same<typeof item, string>();
}

export async function hard(): Promise<void> {
  same<ReturnType<typeof counter.whatever>, Promise<any>>();
  same<ReturnType<typeof counter.whatever.remote>, ObjectRef<any>>();
  same<ReturnType<typeof counter.inbox>, Promise<Receiver<string>>>();
  same<ReturnType<typeof counter.inbox.remote>, ObjectRef<Receiver<string>>>();
  same<ReturnType<typeof counter.fails>, Promise<never>>();
  const object = await counter.parse("text");
  same<typeof object, object>();
  const lenient = await counter.parse("text", true);
  same<typeof lenient, object | undefined>();
  const length = await counter.parse(new Uint8Array());
  same<typeof length, number>();
  // @ts-expect-error no overload
  await counter.parse(1);
  const unknown = await counter.same("text");
  same<typeof unknown, unknown>();
  await counter.untyped(Symbol.iterator);
}

export function keys(): void {
  type Methods =
    "inc" | "later" | "whatever" | "items" | "numbers" | "parse" | "same" | "untyped" | "inbox" | "fails";
  same<Extract<keyof typeof counter, string>, Methods | "rest" | "nested" | "flat" | "gives">();
  // @ts-expect-error a field
  void counter.field;
  // @ts-expect-error a getter
  void counter.value;
  // @ts-expect-error it would make a promise of the handle
  void counter.then;
  // @ts-expect-error not public
  void counter.guarded;
}

declare class Overloaded {
  constructor(path: string);
  constructor(size: number, fill: boolean);
}

export async function constructors(): Promise<void> {
  const files = actor(Overloaded);
  await files.create("path");
  await files.create(1, true);
  files.remote(ref<number>(), ref<boolean>());
  // @ts-expect-error neither of them
  await files.create(1);
  await actor(class Empty {}).create();
  // @ts-expect-error nothing to give
  await actor(class Empty {}).create(1);
  abstract class Shape {}
  class Single {
    // oxlint-disable-next-line no-useless-constructor
    private constructor() {}
  }
  // @ts-expect-error it can't be made
  actor(Shape);
  // @ts-expect-error by nobody else
  actor(Single);
  // @ts-expect-error no class
  actor(() => 1);
}

export function options(): void {
  const all: ActorOptions = {
    name: "counter",
    namespace: "tests",
    getIfExists: true,
    maxRestarts: -1,
    maxTaskRetries: 1,
    maxConcurrency: 4,
    concurrencyGroups: { io: 8 },
    maxPendingCalls: 100,
    numCpus: 0.5,
    startTimeoutMs: 1_000,
  };
  Counters.options(all);
  actor(Counter, {
    name: "Counter",
    module: import.meta.url,
    concurrencyGroups: { io: 8 },
    methods: { items: { concurrencyGroup: "io" }, inc: { maxTaskRetries: 3 } },
  });
  // @ts-expect-error a typo
  Counters.options({ maxRestart: 1 });
  // @ts-expect-error a typo
  actor(Counter, { maxRestart: 1 });
  // @ts-expect-error no such method
  actor(Counter, { methods: { incc: {} } });
  // @ts-expect-error a field
  actor(Counter, { methods: { field: {} } });
  // @ts-expect-error no option of methods
  actor(Counter, { methods: { inc: { maxRestarts: 1 } } });
  // @ts-expect-error options once
  Counters.options({}).options({});
}

export function variance(handle: ActorHandle<Counter>): void {
  const part: ActorHandle<{ inc(by?: number): number }> = handle;
  // @ts-expect-error another result
  const wrong: ActorHandle<{ inc(by?: number): string }> = handle;
  const wider: ObjectRef<string | number> = ref<string>();
  // @ts-expect-error it may be a number
  const narrower: ObjectRef<string> = ref<string | number>();
  // @ts-expect-error no promise
  const promise: PromiseLike<number> = ref<number>();
  void [part, wrong, wider, narrower, promise];
}
