import { sessions } from "../helpers/session.ts";

import test from "ava";
import {
  GetTimeoutError,
  KlawError,
  TaskCancelledError,
  asCompleted,
  cancel,
  channel,
  get,
  init,
  wait,
  type ObjectRef,
} from "klaw-runtime";

import { add, describe, fail, filled, later, pass } from "../actors-under-test/data-flow.ts";

test.before(() => init({ numCpus: 4 }));
test.after.always(async (t) => {
  await (await init()).shutdown();
  t.deepEqual(sessions(), [], "nothing is left");
});

test("get gives values in the order of the references, each time anew", async (t) => {
  const sum = add.remote(1, 2);
  t.is(await get(sum), 3);
  t.deepEqual(await get([add.remote(2, 2), sum]), [4, 3]);
  const bytes = filled.remote(8);
  const first = await get(bytes);
  first[0] = 1;
  t.is((await get(bytes))[0], 7, "what one reader writes, no other sees");
});

test("a reference among the arguments is its object, in whatever place and however large", async (t) => {
  const one = add.remote(0, 1);
  t.is(await add(one, one), 2);
  t.is(await get(add.remote(add.remote(one, 1), 40)), 42);
  t.is(await describe(filled.remote(100_000), add.remote(1, 1)), "Uint8Array 100000 7 2");
});

test("references that were released before their calls had run still serve those that wait for them", async (t) => {
  const slow = later.remote(50, 20);
  const sum = add(slow as ObjectRef<number>, 1);
  slow.release();
  t.is(await sum, 21);
  const error = await t.throwsAsync(get(slow), { instanceOf: KlawError });
  t.is(error.code, "ERR_KLAW_OBJECT_RELEASED");
});

test("what a call throws rejects its reference, and every call that has it as an argument", async (t) => {
  const failed = fail.remote("no");
  for (const of of [
    get(failed),
    add(failed, 1),
    get(add.remote(1, failed)),
    get([add.remote(1, 1), failed]),
  ]) {
    const error = (await t.throwsAsync(of, { instanceOf: RangeError, message: "no" })) as RangeError & {
      extra: number;
    };
    t.is(error.extra, 1);
  }
});

test("get with several rejects at the first error, not at the last value", async (t) => {
  const slow = later.remote(60_000, 1);
  await t.throwsAsync(get([slow, fail.remote("at once")]), { message: "at once" });
  t.true(await cancel(slow));
});

test("wait divides them, in their order; timeoutMs 0 takes what is there", async (t) => {
  const [slow, quick] = [later.remote(60_000, "slow"), later.remote(1, "quick")];
  t.deepEqual(await wait([slow, quick]), [[quick], [slow]]);
  t.deepEqual(await wait([slow, quick], { numReturns: 2, timeoutMs: 0 }), [[quick], [slow]]);
  await t.throwsAsync(wait([quick, quick]), { message: /twice/ });
  await t.throwsAsync(wait([quick], { numReturns: 2 }), { message: /numReturns/ });
  await t.throwsAsync(get(slow, { timeoutMs: 0 }), { instanceOf: GetTimeoutError });
  await t.throwsAsync(get(slow, { timeoutMs: 5 }), { instanceOf: GetTimeoutError });
  const reason = new Error("enough");
  t.is(await t.throwsAsync(get(slow, { signal: AbortSignal.abort(reason) })), reason);
  await cancel(slow);
});

test("asCompleted gives them as they come", async (t) => {
  const seen: unknown[] = [];
  const refs = [later.remote(300, "last"), later.remote(1, "first")];
  for await (const ref of asCompleted(refs)) seen.push(await get(ref));
  t.deepEqual(seen, ["first", "last"]);
});

test("cancel rejects the reference at once, and says whether it was in time", async (t) => {
  const slow = later.remote(60_000, 1);
  t.true(await cancel(slow));
  await t.throwsAsync(get(slow), { instanceOf: TaskCancelledError });
  t.false(await cancel(slow));
  const done = add.remote(1, 1);
  await get(done);
  t.false(await cancel(done));
});

test("channel ends in results: looking whether they are there opens none", async (t) => {
  const [tx, rx] = channel<number>();
  const first = pass.remote(tx, 5);
  tx.close();
  for (let n = 0; n < 10; n++) await wait([first]);
  // The end in the result is the argument of another call.
  const second = pass.remote(first as ObjectRef<never>, 6);
  t.deepEqual([await rx.recv(), await rx.recv()], [5, 6]);
  (await get(second)).close();
  first.release();
  second.release();
  t.deepEqual(await rx.recvMany(1), [], "no sender is left");
});

test("what can't be an argument throws, and nothing is submitted", (t) => {
  t.throws(() => add.remote((() => 1) as never, 1), { code: "ERR_KLAW_SERIALIZATION" });
  t.throws(() => add.remote([add.remote(1, 1)] as never, 1), { code: "ERR_KLAW_SERIALIZATION" });
});

test("thousands of references, waited for together", async (t) => {
  const refs = Array.from({ length: 2_000 }, (_, n) => add.remote(n, 1));
  const [ready, pending] = await wait(refs, { numReturns: refs.length });
  t.deepEqual([ready.length, pending.length], [2_000, 0]);
  t.is(
    (await get(refs)).reduce((sum, n) => sum + n, 0),
    (2_000 * 2_001) / 2,
  );
});
