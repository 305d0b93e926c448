import { sessions } from "../helpers/session.ts";

import test from "ava";
import { GetTimeoutError, init } from "klaw-runtime";

import { Gates } from "../actors-under-test/gate.ts";
import { Logs } from "../actors-under-test/log.ts";
import { Watchers } from "../actors-under-test/watcher.ts";

test.before(() => init({ numCpus: 8 }));
test.after.always(async (t) => {
  await (await init()).shutdown();
  t.deepEqual(sessions(), [], "nothing is left");
});

test("a call that takes longer than timeoutMs rejects; the actor goes on", async (t) => {
  const gate = await Gates.create();
  const error = await t.throwsAsync(gate.pass.options({ timeoutMs: 5 })(1), {
    instanceOf: GetTimeoutError,
    code: "ERR_KLAW_GET_TIMEOUT",
  });
  t.regex(error.message, /5 ms/);
  await gate.open();
  t.is(await gate.pass.options({ timeoutMs: 60_000 })(2), 2);
  t.is(await gate.pass.options({ timeoutMs: 2 ** 40 })(3), 3, "more than a timer can count is no limit");
});

test("an aborted signal rejects with its reason, before and after", async (t) => {
  const gate = await Gates.create();
  const controller = new AbortController();
  const call = gate.pass.options({ signal: controller.signal })(1);
  const reason = new RangeError("changed my mind");
  controller.abort(reason);
  t.is(await t.throwsAsync(call), reason);
  t.is(await t.throwsAsync(gate.pass.options({ signal: controller.signal })(2)), reason);
  t.deepEqual((await gate.look()).started.includes(2), false, "the second was not submitted");
});

test("one signal for a thousand calls", async (t) => {
  const gate = await Gates.create();
  const controller = new AbortController();
  const pass = gate.pass.options({ signal: controller.signal });
  const calls = Array.from({ length: 1_000 }, (_, n) => pass(n));
  controller.abort("stop");
  const outcomes = await Promise.allSettled(calls);
  t.true(outcomes.every((outcome) => outcome.status === "rejected" && outcome.reason === "stop"));
  await gate.open();
  t.is(await gate.pass("after"), "after");
});

test("a call that is given up before it starts never starts", async (t) => {
  const log = await Logs.create();
  const slow = log.addLater("slow");
  const controller = new AbortController();
  const given = log.add.options({ signal: controller.signal })("given up");
  const kept = log.add("kept");
  controller.abort();
  await t.throwsAsync(given, { name: "AbortError", any: true });
  await Promise.all([slow, kept]);
  t.deepEqual(await log.all(), ["slow", "kept"]);
});

test("code that runs learns of it by its signal", async (t) => {
  const watcher = await Watchers.create();
  const controller = new AbortController();
  const call = watcher.untilCancelled.options({ signal: controller.signal })();
  while (!(await watcher.isWaiting()));
  controller.abort();
  await t.throwsAsync(call, { name: "AbortError", any: true });
  while ((await watcher.reasons()).length === 0);
  t.deepEqual(await watcher.reasons(), ["ERR_KLAW_TASK_CANCELLED"]);
});

test("a call that is given up isn't tried again, and nothing of it comes later", async (t) => {
  const log = await Logs.create();
  const call = log.addLater.options({ timeoutMs: 0, maxTaskRetries: -1, retryExceptions: true })("x", 2_000);
  await t.throwsAsync(call, { instanceOf: GetTimeoutError });
  await log.add("last");
  t.true(((await log.all()) as string[]).filter((entry) => entry === "x").length <= 1);
});
