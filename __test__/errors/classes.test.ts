import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

import test from "ava";

import * as errors from "../../src/errors/index.ts";

const EXAMPLES: readonly errors.KlawError[] = [
  new errors.KlawError("ERR_KLAW_OS", "m"),
  new errors.ActorAlreadyExistsError("m"),
  new errors.ActorDiedError("m"),
  new errors.ActorNotFoundError("m"),
  new errors.ActorUnavailableError("m"),
  new errors.ChannelClosedError(),
  new errors.ChannelFullError(),
  new errors.ChannelTimeoutError(),
  new errors.DefinitionNotFoundError("m"),
  new errors.GetTimeoutError("m"),
  new errors.InvalidArgumentError("m"),
  new errors.NotInitializedError(),
  new errors.PendingCallsLimitExceededError("m"),
  new errors.ProtocolVersionError("m"),
  new errors.RuntimeLostError("m"),
  new errors.SchemaError([], "value"),
  new errors.SerializationError("m", "value"),
  new errors.ShmExhaustedError("m"),
  new errors.TaskCancelledError(),
  new errors.TaskError("m"),
  new errors.TaskUnschedulableError("m"),
  new errors.ValueTooLargeError(2, 1),
  new errors.WorkerCrashedError("m"),
];

test("every class has an example here", (t) => {
  const classes = Object.values(errors).filter(
    (exported): exported is typeof errors.KlawError =>
      typeof exported === "function" && (exported as Function).prototype instanceof Error,
  );
  t.deepEqual(
    EXAMPLES.map(({ constructor }) => constructor.name).toSorted(),
    classes.map(({ name }) => name).toSorted(),
  );
});

for (const example of EXAMPLES) {
  test(`${example.constructor.name} has a code, a name, and what Error has`, (t) => {
    const ErrorClass = example.constructor as typeof errors.KlawError;
    t.regex(example.code, /^ERR_KLAW_[A-Z_]+$/);
    t.is(example.name, ErrorClass.name);
    t.true(example instanceof ErrorClass && example instanceof errors.KlawError && example instanceof Error);
    t.true(example.stack!.startsWith(ErrorClass.name));
    t.false(Object.keys(example).includes("name"));
  });
}

test("instanceof holds across copies of the package", async (t) => {
  const folder = mkdtempSync(fileURLToPath(new URL("copy-", import.meta.url)));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(fileURLToPath(new URL("../../src/errors/", import.meta.url)), folder, { recursive: true });
  const copy = (await import(`${folder}/index.ts`)) as typeof errors;

  t.not(copy.ChannelClosedError, errors.ChannelClosedError);
  const theirs = new copy.ChannelClosedError();
  t.true(theirs instanceof errors.ChannelClosedError);
  t.true(theirs instanceof errors.KlawError);
  t.false(theirs instanceof errors.ChannelFullError);
  t.false(new copy.KlawError("ERR_KLAW_X", "m") instanceof errors.ChannelClosedError);
});

test("instanceof of a user's subclass is the language's own", (t) => {
  class OwnError extends errors.KlawError {}
  const own = new OwnError("ERR_KLAW_X", "m");
  t.true(own instanceof OwnError && own instanceof errors.KlawError);
  t.false(new errors.KlawError("ERR_KLAW_X", "m") instanceof OwnError);
});

test("instanceof of what is no object is false", (t) => {
  for (const value of [undefined, null, 1, "s", Symbol("s"), {}])
    t.false((value as object) instanceof errors.KlawError);
});

test("a cause is there only if it was given", (t) => {
  t.false("cause" in new errors.KlawError("ERR_KLAW_X", "m"));
  t.true("cause" in new errors.KlawError("ERR_KLAW_X", "m", { cause: undefined }));
});

test("errors without a message say what happened and what to do", (t) => {
  const { ChannelClosedError, ChannelFullError, ChannelTimeoutError, NotInitializedError } = errors;
  for (const ErrorClass of [ChannelClosedError, ChannelFullError, ChannelTimeoutError, NotInitializedError]) {
    t.true(new ErrorClass().message.length > 40);
  }
});
