import test from "ava";

import { InvalidArgumentError, SchemaError } from "../../src/errors/index.ts";
import { validate, type StandardResult, type StandardSchemaV1 } from "../../src/schema/index.ts";

function schema<Output>(
  answer: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>,
): StandardSchemaV1<unknown, Output> {
  return { "~standard": { version: 1, vendor: "test", validate: answer } };
}

test("a value that fits comes back as what the schema makes of it", (t) => {
  const output: number = validate(
    schema((value) => ({ value: Number(value) })),
    "5",
  );
  t.is(output, 5);
});

test("a value that does not fit is an error with every issue and its path", (t) => {
  const failing = schema(() => ({
    issues: [
      { message: "too small", path: ["items", 3, { key: "price tag" }] },
      { message: "odd", path: [Symbol("s")] },
      { message: "bad" },
    ],
  }));
  const error = t.throws(() => validate(failing, {}, "message"), { instanceOf: SchemaError })!;
  t.is(error.code, "ERR_KLAW_SCHEMA");
  t.is(error.path, 'message.items[3]["price tag"]');
  t.is(error.message, 'message.items[3]["price tag"] does not fit the schema: too small (and 2 more)');
  t.deepEqual(
    error.issues.map(({ path }) => path),
    ['message.items[3]["price tag"]', "message[Symbol(s)]", "message"],
  );
  t.deepEqual(error.issues[0]!.keys, ["items", 3, "price tag"]);
});

test("no issues are an answer too, if they are listed", (t) => {
  t.throws(
    () =>
      validate(
        schema(() => ({ issues: [] })),
        1,
      ),
    { message: /no reason given/ },
  );
});

test("an asynchronous schema is refused, and its failure is nobody's", async (t) => {
  const rejecting = schema(() => Promise.reject(new Error("late")));
  const error = t.throws(() => validate(rejecting, 1), { instanceOf: InvalidArgumentError })!;
  t.is(error.code, "ERR_KLAW_SCHEMA_ASYNC");
  t.regex(error.message, /\(test\).*synchron/);
  await new Promise(setImmediate);
});

test("what the schema throws is thrown", (t) => {
  const thrown = new Error("broken schema");
  t.is(t.throws(() => validate(schema(() => { throw thrown }), 1)), thrown); // prettier-ignore
});
