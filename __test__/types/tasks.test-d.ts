/** What the compiler must know of tasks, and must refuse. Compiled by the lints, never run. */
import type { AnyFunction } from "../../src/calls/signatures.ts";
import type { ObjectRef, ObjectRefGenerator, Stream } from "../../src/objects/types.ts";
import type { Task, TaskDefaults, TaskOptions } from "../../src/tasks/types.ts";
import { same } from "./same.ts";

declare function task<F extends AnyFunction>(f: F, defaults?: TaskDefaults): Task<F>;
declare const ref: <T>() => ObjectRef<T>;

declare function overloaded(a: string): string;
declare function overloaded(a: number, b: number): number;
declare function ident<T>(value: T): T;

const square = task(function square(x: number) {
  return x * x;
});

export async function calls(): Promise<void> {
  const value = square(3);
  same<typeof value, Promise<number>>();
  same<ReturnType<typeof square.remote>, ObjectRef<number>>();
  same<typeof square.local, (x: number) => number>();
  same<Parameters<typeof square>, [x: number | ObjectRef<number>]>();
  await square(square.remote(3));
  const bound = square.options({ numCpus: 2 });
  same<ReturnType<typeof bound>, Promise<number>>();
  same<ReturnType<typeof bound.remote>, ObjectRef<number>>();
  // @ts-expect-error a wrong argument
  await square("3");
  // @ts-expect-error a reference to a wrong one
  square.remote(ref<string>());
  // @ts-expect-error none
  await square();
  // @ts-expect-error the plain function takes values
  square.local(ref<number>());
}

export async function hard(): Promise<void> {
  const either = task(overloaded);
  const text = await either("a");
  same<typeof text, string>();
  const number = await either(1, ref<number>());
  same<typeof number, number>();
  // @ts-expect-error neither of them
  await either(1);
  const texts = task(ident<string>);
  same<ReturnType<typeof texts>, Promise<string>>();
  const anything = task((x: any): any => x);
  same<ReturnType<typeof anything>, Promise<any>>();
  same<ReturnType<typeof anything.remote>, ObjectRef<any>>();
  const fetched = task(async (url: string) => new Uint8Array(url.length));
  same<Awaited<ReturnType<typeof fetched>>, Uint8Array<ArrayBuffer>>();
  const lines = task(async function* lines(path: string) {
    yield path;
  });
  same<ReturnType<typeof lines>, Stream<string>>();
  same<ReturnType<typeof lines.remote>, ObjectRefGenerator<string>>();
  const takesRef = task((part: ObjectRef<number>) => part);
  // @ts-expect-error it would get the value, not the reference
  await takesRef(ref<number>());
  const takesNested = task(([part]: [ObjectRef<number>]) => part);
  const part = await takesNested([ref<number>()]);
  same<typeof part, ObjectRef<number>>();
  // @ts-expect-error no function
  task(1);
}

export function options(): void {
  const all: TaskOptions = {
    numCpus: 1,
    maxRetries: 3,
    retryExceptions: true,
    signal: AbortSignal.abort(),
    timeoutMs: 1_000,
  };
  square.options(all);
  task((x: number) => x, { name: "ident", module: import.meta.url, maxRetries: 0 });
  // @ts-expect-error a typo
  square.options({ maxRetry: 1 });
  // @ts-expect-error a typo
  task((x: number) => x, { maxRetry: 1 });
  // @ts-expect-error a number of milliseconds
  square.options({ timeoutMs: "1s" });
}
