import { sessions } from "../helpers/session.ts";

import test from "ava";
import { GetTimeoutError, get, init } from "klaw-runtime";

import { Sources, squares } from "../actors-under-test/data-flow.ts";

test.before(() => init({ numCpus: 4 }));
test.after.always(async (t) => {
  await (await init()).shutdown();
  t.deepEqual(sessions(), [], "nothing is left");
});

test("a generator's items come one by one, of tasks and of methods", async (t) => {
  const got: number[] = [];
  for await (const square of squares(4)) got.push(square);
  t.deepEqual(got, [1, 4, 9, 16]);
  const source = await Sources.create();
  let sum = 0;
  for await (const n of source.count(10_000)) sum += n;
  t.is(sum, 49_995_000);
});

test("an error comes after the items before it", async (t) => {
  const words = (await Sources.create()).words("two words");
  t.deepEqual(await words.next(), { value: "two", done: false });
  t.deepEqual(await words.next(), { value: "words", done: false });
  await t.throwsAsync(words.next(), { instanceOf: TypeError, message: "no more words" });
});

test("leaving the loop ends the generator there, with its finally", async (t) => {
  const source = await Sources.create();
  for await (const n of source.count(1e9)) if (n === 3) break;
  while ((await source.ended()).length === 0);
  t.deepEqual(await source.ended(), ["count to 1000000000"]);
});

test("it goes no further ahead of its reader than its buffer", async (t) => {
  const source = await Sources.create();
  const items = source.count(1e9);
  await items.next();
  while ((await source.given()) < 17);
  t.true((await source.given()) <= 18);
  await items.return!();
});

test("timeoutMs and signal end it", async (t) => {
  const source = await Sources.create();
  const timed = source.count.options({ timeoutMs: 20 })(1e9);
  await t.throwsAsync(
    async () => {
      for await (const _ of timed);
    },
    { instanceOf: GetTimeoutError },
  );
  const reason = new Error("enough");
  const aborted = source.count.options({ signal: AbortSignal.abort(reason) })(1e9);
  t.is(await t.throwsAsync(aborted.next()), reason);
});

test("remote gives a reference for each item, and one that rejects for an error", async (t) => {
  const source = await Sources.create();
  const got: unknown[] = [];
  for await (const ref of source.words.remote("some text")) {
    got.push(await get(ref).catch((error: Error) => error.message));
  }
  t.deepEqual(got, ["some", "text", "no more words"]);
});

test("what streams has to be declared as a generator", async (t) => {
  const source = await Sources.create();
  await t.throwsAsync(source.notDeclared() as Promise<unknown>, { code: "ERR_KLAW_STREAM_NOT_DECLARED" });
});

test("as a Web stream", async (t) => {
  const chunks: number[] = [];
  for await (const chunk of squares(3).readable()) chunks.push(chunk);
  t.deepEqual(chunks, [1, 4, 9]);
});
