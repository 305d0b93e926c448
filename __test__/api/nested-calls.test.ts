import { directory, sessions } from "../helpers/session.ts";

import { writeFileSync } from "node:fs";
import { join } from "node:path";

import test from "ava";
import { init } from "klaw-runtime";

import { Counters } from "../actors-under-test/counter.ts";
import { Pingers } from "../actors-under-test/pinger.ts";
import * as work from "../actors-under-test/work.ts";

// One CPU: whoever waits for a result lets others have it.
test.before(() => init({ numCpus: 1 }));
test.after.always(async (t) => {
  await (await init()).shutdown();
  t.deepEqual(
    sessions().filter((name) => name !== "go"),
    [],
    "nothing is left",
  );
});

test("a task that waits for tasks gives its CPU to them", async (t) => {
  t.is(await work.nested(4), 4);
  t.is(await work.sumOfSquares(100), 328_350, "a hundred of them");
  t.deepEqual(await Promise.all([work.nested(2), work.nested(2), work.sumOfSquares(10)]), [2, 2, 285]);
});

test("a task that waits for something else keeps its CPU, and others wait", async (t) => {
  const go = join(directory, "go");
  const waits = work.waitsFor(go);
  const behind = work.square(5);
  writeFileSync(go, "x");
  t.is(await behind, 25);
  await waits;
});

test("a handle that a task made lives on in its caller", async (t) => {
  const counter = await work.makesCounter(5);
  t.is(await counter.inc(), 6);
  t.is(await work.useCounter(counter), 7, "and is called by a task");
});

test("actors make actors, and call each other", async (t) => {
  const first = await Pingers.create("first");
  const second = await first.makeOther("second");
  t.is(await second.name(), "second");
  await Promise.all([first.meet(second), second.meet(first)]);
  t.deepEqual(await first.ping(6), ["first", "second", "first", "second", "first", "second", "first"]);
});

test("a serial actor that waits for a call to itself is told nothing, and a timeout ends the wait", async (t) => {
  const counter = await Counters.create();
  const pinger = await Pingers.options({ maxConcurrency: 1 }).create("alone");
  await pinger.meet(pinger);
  await t.throwsAsync(pinger.ping.options({ timeoutMs: 200 })(1), { code: "ERR_KLAW_GET_TIMEOUT" });
  t.is(await counter.inc(), 1, "others are free");
});
