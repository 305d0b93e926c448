/** Actors and tasks of klaw-runtime, as a program has them: classes, codec, errors and cancellation on. */
import { init } from "klaw-runtime";

import { Adders, add } from "./under-test.mjs";

export async function actor() {
  const runtime = await init();
  const adder = await Adders.create();
  return { call: (a, b) => adder.add(a, b), stop: () => runtime.shutdown() };
}

export async function task() {
  const runtime = await init();
  await add(0, 0);
  return { call: (a, b) => add(a, b), stop: () => runtime.shutdown() };
}

/** From the call to the first answer of an actor, when a spare worker waits. */
export async function starts() {
  const runtime = await init();
  // The first one has no spare; the others come while one is being started.
  await Adders.create();
  return { start, stop: () => runtime.shutdown() };
}

async function start() {
  await new Promise((resolve) => setTimeout(resolve, 400));
  const begin = performance.now();
  const adder = await Adders.create();
  await adder.add(1, 1);
  const took = performance.now() - begin;
  await adder[Symbol.asyncDispose]();
  return took;
}
