import { appendFileSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

import { task, type ActorHandle } from "klaw-runtime";

import { Counters, type Counter } from "./counter.ts";

export const square = task(function square(x: number): number {
  return x * x;
});

export const same = task(function same<T>(value: T): T {
  return value;
});

export const pid = task(async function pid(ms: number): Promise<number> {
  await delay(ms);
  return process.pid;
});

/** How often a file was written to. */
export function tries(file: string): number {
  try {
    return readFileSync(file, "utf8").length;
  } catch {
    return 0;
  }
}

function tryNumber(file: string): number {
  appendFileSync(file, "x");
  return tries(file);
}

/** Ends its process in the first `deaths` tries. */
export const dies = task(function dies(file: string, deaths: number): number {
  const number = tryNumber(file);
  if (number <= deaths) process.exit(number);
  return number;
});

/** Throws in the first `throws` tries. */
export const fails = task(function fails(file: string, throws: number): number {
  const number = tryNumber(file);
  if (number <= throws) throw new RangeError(`try ${number}`);
  return number;
});

/** Calls itself in the depth. */
export const nested: (depth: number) => Promise<number> = task(async function nested(
  depth: number,
): Promise<number> {
  return depth === 0 ? 0 : 1 + (await nested(depth - 1));
});

export const sumOfSquares = task(async function sumOfSquares(count: number): Promise<number> {
  const squares = await Promise.all(Array.from({ length: count }, (_, n) => square(n)));
  return squares.reduce((sum, n) => sum + n, 0);
});

export const makesCounter = task(async function makesCounter(start: number): Promise<ActorHandle<Counter>> {
  return Counters.create(start);
});

export const useCounter = task(function useCounter(counter: ActorHandle<Counter>): Promise<number> {
  return counter.inc();
});

export const waitsFor = task(async function waitsFor(file: string): Promise<number> {
  while (tries(file) === 0) await delay(5);
  return process.pid;
});

export const spins = task(function spins(file: string): never {
  appendFileSync(file, "x");
  for (;;);
});
