import { directory, sessions } from "../helpers/session.ts";

import { join } from "node:path";

import test from "ava";
import {
  GetTimeoutError,
  InvalidArgumentError,
  SerializationError,
  TaskUnschedulableError,
  WorkerCrashedError,
  channel,
  init,
  move,
  task,
} from "klaw-runtime";

import * as work from "../actors-under-test/work.ts";

/** A file of one's own. */
let files = 0;
const file = (): string => join(directory, `tries-${files++}`);

test.before(() => init({ numCpus: 3 }));
test.after.always(async (t) => {
  await (await init()).shutdown();
  t.deepEqual(
    sessions().filter((name) => !name.startsWith("tries")),
    [],
    "nothing is left",
  );
});

test("a task runs in another process; local is the plain function", async (t) => {
  t.is(await work.square(3), 9);
  t.is(work.square.local(4), 16);
  t.not(await work.pid(0), process.pid);
  t.is(work.square.name, "square");
});

test("tasks run at the same time, as many as there are CPUs", async (t) => {
  const pids = await Promise.all(Array.from({ length: 12 }, () => work.pid(50)));
  t.true(new Set(pids).size > 1);
  const squares = await Promise.all(Array.from({ length: 1_000 }, (_, n) => work.square(n)));
  t.true(squares.every((square, n) => square === n * n));
});

test("arguments and results travel as with actors", async (t) => {
  t.deepEqual(await work.same({ at: new Date(0), list: [1n] }), { at: new Date(0), list: [1n] });
  const [tx, rx] = channel<number>();
  const back = (await work.same(tx)) as typeof tx;
  tx.close();
  await back.send(1);
  back.close();
  t.deepEqual(await rx.recvMany(2), [1]);
  const [kept, there] = channel<number>();
  const again = (await work.same(move(there))) as typeof there;
  await kept.send(2);
  t.is(await again.recv(), 2);
  const error = await t.throwsAsync(work.same({ x: () => 1 }), { instanceOf: SerializationError });
  t.is(error.path, "args[0].x");
});

test("a task whose worker dies is tried again, three times", async (t) => {
  const here = file();
  t.is(await work.dies(here, 3), 4);
  t.is(work.tries(here), 4);
});

test("after the last try it rejects with how its worker ended", async (t) => {
  const here = file();
  const error = await t.throwsAsync(work.dies.options({ maxRetries: 1 })(here, 5), {
    instanceOf: WorkerCrashedError,
    code: "ERR_KLAW_WORKER_CRASHED",
  });
  t.is(error.details.exitCode, 2, "of the second try");
  t.is(work.tries(here), 2);
  const once = file();
  await t.throwsAsync(work.dies.options({ maxRetries: 0 })(once, 5), { instanceOf: WorkerCrashedError });
  t.is(work.tries(once), 1, "none means none");
});

test("a task that throws isn't tried again, unless it says so", async (t) => {
  const here = file();
  await t.throwsAsync(work.fails(here, 2), { instanceOf: RangeError, message: "try 1" });
  t.is(work.tries(here), 1);
  const again = file();
  t.is(await work.fails.options({ retryExceptions: true })(again, 2), 3);
  const never = file();
  const { maxRetries, retryExceptions } = { maxRetries: 1, retryExceptions: true };
  const error = await t.throwsAsync(work.fails.options({ maxRetries, retryExceptions })(never, 9));
  t.is(error.message, "try 2", "the last try's error");
});

test("timeoutMs and signal", async (t) => {
  await t.throwsAsync(work.pid.options({ timeoutMs: 5 })(60_000), { instanceOf: GetTimeoutError });
  const controller = new AbortController();
  const call = work.pid.options({ signal: controller.signal })(60_000);
  controller.abort("enough");
  t.is(await call.catch((reason: unknown) => reason), "enough");
  t.is(await work.square(2), 4);
});

test("what needs more CPUs than there are is refused", async (t) => {
  await t.throwsAsync(work.square.options({ numCpus: 4 })(1), {
    instanceOf: TaskUnschedulableError,
    code: "ERR_KLAW_TASK_UNSCHEDULABLE",
    message: /needs 4 CPUs and the session has 3/,
  });
  t.is(await work.square.options({ numCpus: 3 })(3), 9, "all of them is fine");
  t.is(await work.square.options({ numCpus: 0.001 })(3), 9);
  t.is(await work.square.options({ numCpus: 0 })(3), 9);
  for (const numCpus of [-1, Number.NaN, Number.POSITIVE_INFINITY, "1" as never]) {
    t.throws(() => work.square.options({ numCpus }), { instanceOf: InvalidArgumentError });
  }
});

test("no definition in a test file", (t) => {
  t.throws(() => task(function here() {}), { code: "ERR_KLAW_DEFINITION_IN_TEST_FILE" });
});
