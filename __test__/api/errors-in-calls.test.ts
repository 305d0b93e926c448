import { sessions } from "../helpers/session.ts";

import test from "ava";
import {
  ActorDiedError,
  KlawError,
  SerializationError,
  TaskError,
  init,
  type ActorHandle,
} from "klaw-runtime";

import { OutOfStockError, Throwers, type Thrower } from "../actors-under-test/thrower.ts";

let thrower: ActorHandle<Thrower>;

test.before(async () => {
  await init({ numCpus: 4 });
  thrower = await Throwers.create();
});
test.after.always(async (t) => {
  await (await init()).shutdown();
  t.deepEqual(sessions(), [], "nothing is left");
});

test("a user's error rejects as itself: class, message and fields", async (t) => {
  for (const call of [thrower.raise("own"), thrower.raiseLater("own")]) {
    const error = await t.throwsAsync(call, { instanceOf: OutOfStockError });
    t.is(error.message, "2 of tea left");
    t.deepEqual([error.item, error.left, error.name], ["tea", 2, "OutOfStockError"]);
  }
  t.is(await thrower.fine(), "fine", "and the actor lives");
});

test("its stack is the caller's, with the remote one below", async (t) => {
  const error = (await t.throwsAsync(thrower.raiseLater("late"))) as Error & { remoteStack: string };
  t.regex(error.remoteStack, /at Thrower\.raiseLater .*thrower\.ts/);
  t.true(error.stack!.includes(error.remoteStack));
  t.false(Object.keys(error).includes("remoteStack"), "no field of the user's");
});

test("an error of a class that its module keeps to itself keeps name, message and fields", async (t) => {
  const error = (await t.throwsAsync(thrower.raise("hidden"))) as Error & { code: string };
  t.deepEqual([error.name, error.message, error.code], ["HiddenError", "not exported", "E_HIDDEN"]);
});

test("causes and the errors of an AggregateError come along", async (t) => {
  const error = await t.throwsAsync(thrower.raise("cause"), { message: "outer" });
  t.true(error.cause instanceof OutOfStockError);
  t.is((error.cause as OutOfStockError).item, "milk");
  const both = await t.throwsAsync(thrower.raise("aggregate"), { instanceOf: AggregateError });
  t.is(both.message, "both");
  t.true(both.errors[0] instanceof RangeError);
  t.is(both.errors[1], "two");
  const own = await t.throwsAsync(thrower.raise("self"), { message: "of itself" });
  t.is(own.cause, own);
});

test("what is thrown and no error is the cause of a TaskError", async (t) => {
  for (const [what, cause] of [
    ["string", "just text"],
    ["undefined", undefined],
  ] as const) {
    for (const call of [thrower.raise(what), thrower.raiseLater(what)]) {
      const error = await t.throwsAsync(call, { instanceOf: TaskError, code: "ERR_KLAW_TASK" });
      t.true("cause" in error);
      t.is(error.cause, cause);
    }
  }
});

test("an error that can't travel comes without what can't, and says why", async (t) => {
  const error = await t.throwsAsync(thrower.raise("function field"));
  t.is(error.message, "with a function");
  t.is(error.name, "TypeError");
  t.true(error.cause instanceof SerializationError);
  t.is((error.cause as SerializationError).path, "error.retry");
});

test("a constructor's error reaches its maker as itself, and every call as a cause", async (t) => {
  const made = await t.throwsAsync(Throwers.create("own"), { instanceOf: OutOfStockError });
  t.is(made.item, "tea");

  const handle = Throwers.remote("own");
  const early = [handle.fine(), handle.fine()];
  for (const call of [...early, ...early.map(() => handle.fine())]) {
    const error = await t.throwsAsync(call, { instanceOf: ActorDiedError, code: "ERR_KLAW_ACTOR_DIED" });
    t.true(error.cause instanceof OutOfStockError);
    t.is(error.mayHaveRun, false);
    t.is(error.restartsLeft, 0);
    t.true(error instanceof KlawError);
  }
});

test("a constructor's error of any size", async (t) => {
  const handle = Throwers.remote("own", 2 ** 20);
  const calls = [handle.fine(), handle.fine(), thrower.fine(), handle.fine()];
  const settled = await Promise.allSettled(calls);
  for (const [n, outcome] of settled.entries()) {
    if (n === 2) {
      t.deepEqual(outcome, { status: "fulfilled", value: "fine" });
    } else {
      const { cause } = (outcome as PromiseRejectedResult).reason as { cause: { padding: string } };
      t.true(cause instanceof OutOfStockError);
      t.is(cause.padding.length, 2 ** 20);
    }
  }
});

test("an actor whose constructor throws isn't restarted", async (t) => {
  const handle = Throwers.options({ maxRestarts: 5 }).remote("own");
  const error = await t.throwsAsync(handle.fine(), { instanceOf: ActorDiedError });
  t.is(error.restartsLeft, 0);
});
