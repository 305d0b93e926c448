import { readFileSync } from "node:fs";

import test from "ava";

import {
  ChannelClosedError,
  KlawError,
  SerializationError,
  ValueTooLargeError,
  isRemoteError,
  type RemoteError,
} from "../../src/errors/index.ts";
import { registerSerializer } from "../../src/codec/index.ts";
import { encoded, roundTrip } from "./round-trip.ts";
import { difference } from "./same-graph.ts";

test("built-in classes arrive as themselves", (t) => {
  const values = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map(
    (ErrorClass) => new ErrorClass("message"),
  );
  t.is(difference(roundTrip(values), values), undefined);
});

test("message, own fields, cause and errors are kept", (t) => {
  const value = new AggregateError([new Error("first"), "second"], "all failed", {
    cause: new RangeError("why"),
  });
  Object.assign(value, { code: "E_OWN", detail: { list: [1n] }, __proto__: undefined });
  const arrived = roundTrip(value);
  t.is(difference(arrived, value), undefined);
  t.false(Object.keys(arrived).includes("errors"));
  t.false(Object.keys(arrived).includes("cause"));
});

test("a cause that is undefined is there, a cause that is not there is not", (t) => {
  t.true(Object.hasOwn(roundTrip(new Error("e", { cause: undefined })), "cause"));
  t.false(Object.hasOwn(roundTrip(new Error("e")), "cause"));
});

test("fields named cause, errors and name that are fields stay fields", (t) => {
  const value = Object.assign(new Error("e"), { cause: 1, errors: [2], name: "Named" });
  const arrived = roundTrip(value);
  t.is(difference(arrived, value), undefined);
  t.deepEqual(Object.keys(arrived), ["cause", "errors", "name"]);
});

test("an empty message arrives empty", (t) => {
  t.is(roundTrip(new Error()).message, ""); // oxlint-disable-line unicorn/error-message
});

test("errors of Node.js keep name, code and what they show", (t) => {
  const wrongType = t.throws(() => Buffer.alloc("1" as never), { instanceOf: TypeError })!;
  const missing = t.throws(() => readFileSync("/nowhere/at all"), { instanceOf: Error })!;
  t.is(difference(roundTrip(missing), missing), undefined);
  const arrived = roundTrip(wrongType);
  t.is(Object.getPrototypeOf(arrived), TypeError.prototype);
  t.is(arrived.name, "TypeError");
  t.is(arrived.message, wrongType.message);
  t.deepEqual(Object.entries(arrived), [["code", "ERR_INVALID_ARG_TYPE"]]);
});

test("DOMExceptions keep name and code", (t) => {
  const arrived = roundTrip(new DOMException("stop", "AbortError"));
  t.true(arrived instanceof DOMException);
  t.deepEqual([arrived.name, arrived.message, arrived.code], ["AbortError", "stop", 20]);
});

class ValidationError extends TypeError {
  field = "age";
}

class NamedError extends RangeError {
  override name = "E_NAMED";
}

test("a class that is not registered arrives in its nearest built-in class, under its name", (t) => {
  const arrived = roundTrip(new ValidationError("no")) as ValidationError;
  t.is(Object.getPrototypeOf(arrived), TypeError.prototype);
  t.is(arrived.name, "ValidationError");
  t.is(String(arrived), "ValidationError: no");
  t.is(arrived.field, "age");
  t.deepEqual(Object.keys(arrived), ["field"]);
  t.regex(arrived.stack!, /^ValidationError: no\n/);
  t.is(roundTrip(new NamedError("n")).name, "E_NAMED");
});

class RegisteredError extends Error {
  static made = 0;
  code: string;
  constructor(code: string) {
    super(`code ${code}`);
    RegisteredError.made++;
    this.code = code;
  }
  get isFatal(): boolean {
    return this.code === "fatal";
  }
}
registerSerializer(RegisteredError);

test("a registered class arrives as itself, and as a genuine error", (t) => {
  const made = RegisteredError.made;
  const arrived = roundTrip([new RegisteredError("fatal")])[0]!;
  t.true(arrived instanceof RegisteredError);
  t.true(arrived.isFatal);
  t.is(arrived.message, "code fatal");
  t.is(Object.prototype.toString.call(arrived), "[object Error]");
  t.is(RegisteredError.made, made + 1);
});

test("errors of this package arrive as themselves", (t) => {
  const value = [
    new ChannelClosedError(),
    new SerializationError("m", "a.b", { code: "ERR_KLAW_VALUE_CORRUPT", cause: new Error("c") }),
    new ValueTooLargeError(5, 4),
    new KlawError("ERR_KLAW_OS", "m", { details: { subject: "lock" } }),
  ];
  t.is(difference(roundTrip(value), value), undefined);
});

function makeError(): Error {
  return new Error("far away");
}

test("the stack shows the frames here on top of those where it was made", (t) => {
  const sent = makeError();
  const arrived = roundTrip(sent) as RemoteError;
  t.true(isRemoteError(arrived));
  t.is(arrived.remoteStack, sent.stack!);
  t.regex(arrived.stack!, /^Error: far away\n(.*\n)*remote stack:\nError: far away\n\s+at makeError/);
  t.deepEqual(Object.keys(arrived), []);
});

test("passed on, an error keeps the stack where it was made", (t) => {
  const sent = makeError();
  const arrived = roundTrip(roundTrip(roundTrip(sent))) as RemoteError;
  t.is(arrived.remoteStack, sent.stack!);
});

test("an error without a stack has none there either", (t) => {
  const sent = new Error("e");
  delete sent.stack;
  Object.defineProperty(sent, "stack", { value: undefined });
  t.false(isRemoteError(roundTrip(sent)));
});

test("what a getter for the stack throws is the cause", (t) => {
  const thrown = new Error("no stack");
  const sent = Object.defineProperty(new Error("e"), "stack", { get: () => { throw thrown } }); // prettier-ignore
  const error = t.throws(() => encoded({ sent }), { instanceOf: SerializationError })!;
  t.is(error.path, "value.sent.stack");
  t.is(error.cause, thrown);
});
