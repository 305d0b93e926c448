import { sessions } from "../helpers/session.ts";

import test from "ava";
import { PendingCallsLimitExceededError, init, type ActorHandle } from "klaw-runtime";

import { Gates, type Gate } from "../actors-under-test/gate.ts";
import { Mirrors } from "../actors-under-test/mirror.ts";
import { Logs } from "../actors-under-test/log.ts";

const CALLS = 100_000;

test.before(() => init({ numCpus: 8 }));
test.after.always(async (t) => {
  await (await init()).shutdown();
  t.deepEqual(sessions(), [], "nothing is left");
});

/** Numbers from 0 on. */
const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** Resolves when so many calls wait in the gate. */
async function running(gate: ActorHandle<Gate>, count: number): Promise<void> {
  while ((await gate.look()).running < count);
}

test("a serial actor runs calls one at a time, in the order of one caller", async (t) => {
  const log = await Logs.create();
  const calls = numbers(200).map((n) => (n % 3 === 0 ? log.addLater(n) : log.add(n)));
  await Promise.all(calls);
  t.deepEqual(await log.all(), numbers(200), "a call starts when the one before has settled");
  t.is(await log.most(), 1);
});

test("callers in several processes each have their order", async (t) => {
  const log = await Logs.create();
  const callers = await Promise.all(["a", "b"].map(() => Mirrors.create()));
  await Promise.all(callers.map((caller, from) => caller.addAll(log, from, 500)));
  const all = (await log.all()) as { from: number; n: number }[];
  for (const from of [0, 1]) {
    t.deepEqual(
      all.filter((entry) => entry.from === from).map(({ n }) => n),
      numbers(500),
    );
  }
});

test("calls of an actor with async methods take turns at their awaits", async (t) => {
  const gate = await Gates.create();
  const calls = numbers(50).map((n) => gate.pass(n));
  await running(gate, 50);
  t.deepEqual((await gate.look()).started, numbers(50), "they start in order");
  await gate.open();
  t.deepEqual(await Promise.all(calls), numbers(50));
  t.is((await gate.look()).most, 50);
});

test("maxConcurrency is how many run at once", async (t) => {
  const gate = await Gates.options({ maxConcurrency: 3 }).create();
  const calls = numbers(20).map((n) => gate.pass(n));
  await running(gate, 3);
  t.is((await gate.look()).running, 3);
  await gate.open();
  await Promise.all(calls);
  t.is((await gate.look()).most, 3);
});

test("a concurrency group has a limit of its own; a call may choose its group", async (t) => {
  const gate = await Gates.options({ maxConcurrency: 1, concurrencyGroups: { control: 2, io: 4 } }).create();
  const own = numbers(5).map((n) => gate.pass(n));
  const io = numbers(10).map((n) => gate.pass.options({ concurrencyGroup: "io" })(100 + n));
  await running(gate, 5);
  const { started } = await gate.look();
  t.deepEqual(started.toSorted(), [0, 100, 101, 102, 103], "one of its own limit, four of the group's");
  await gate.open();
  t.deepEqual(await Promise.all(own), numbers(5));
  await Promise.all(io);
});

test("one call more than maxPendingCalls is refused, and nothing happens to the others", async (t) => {
  const gate = await Gates.options({ maxPendingCalls: 4 }).create();
  const calls = numbers(4).map((n) => gate.pass(n));
  const error = await t.throwsAsync(gate.pass(5), {
    instanceOf: PendingCallsLimitExceededError,
    code: "ERR_KLAW_PENDING_CALLS_LIMIT",
  });
  t.regex(error.message, /^4 calls/);
  const other = await Mirrors.create();
  await other.openGate(gate);
  t.deepEqual(await Promise.all(calls), numbers(4), "another process may call");
  t.is(await gate.pass(6), 6, "and there is room again");
});

test("a hundred thousand calls at once", async (t) => {
  const log = await Logs.create();
  const calls: Promise<number>[] = [];
  for (let n = 0; n < CALLS; n++) calls.push(log.count());
  const counts = await Promise.all(calls);
  t.is(
    counts.findIndex((count, n) => count !== n + 1),
    -1,
    "each has its own answer, in order",
  );
});

test("a hundred thousand calls, one after the other is sent from its answer", async (t) => {
  const log = await Logs.create();
  let left = CALLS / 10;
  const ask = async (): Promise<void> => {
    while (left-- > 0) await log.count();
  };
  await Promise.all(numbers(32).map(ask));
  t.is(await log.count(), CALLS / 10 + 1);
});
