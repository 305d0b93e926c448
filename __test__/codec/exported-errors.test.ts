import test from "ava";

import { registerExportedErrors, registerSerializer } from "../../src/codec/index.ts";
import { decodeCopy, encoded, roundTrip } from "./round-trip.ts";

class LimitError extends RangeError {
  limit = 5;
  get half(): number {
    return this.limit / 2;
  }
}

test("errors of exported classes arrive as themselves", (t) => {
  const notYet = {
    get LaterError(): unknown {
      throw new ReferenceError("not initialized");
    },
  };
  registerExportedErrors("file:///limit.js", { LimitError, TypeError, count: 1, f: () => 1 });
  registerExportedErrors("file:///limit.js", notYet);
  const arrived = roundTrip(new LimitError("too much"));
  t.true(arrived instanceof LimitError);
  t.is(arrived.half, 2.5);
  t.is(arrived.message, "too much");
  t.is(roundTrip(new TypeError("plain")).constructor, TypeError);
});

test("a class of several modules arrives from each, whatever was first", (t) => {
  class SharedError extends Error {}
  registerExportedErrors("file:///a.js", { SharedError });
  registerExportedErrors("file:///b.js", { SharedError });
  const bytes = Buffer.from(encoded(new SharedError("m")));
  t.true(decodeCopy(bytes) instanceof SharedError);
  bytes.write("b", bytes.indexOf("a.js#"));
  t.true(decodeCopy(bytes) instanceof SharedError);
});

test("two modules may have classes of one name", (t) => {
  const [One, Two] = [class TwinError extends Error {}, class TwinError extends Error {}];
  registerExportedErrors("file:///one.js", { TwinError: One });
  registerExportedErrors("file:///two.js", { TwinError: Two });
  t.is(roundTrip(new One()).constructor, One);
  t.is(roundTrip(new Two()).constructor, Two);
});

test("registering it on purpose wins, before and after, and what was on its way arrives", (t) => {
  class BothError extends Error {}
  registerExportedErrors("file:///both.js", { BothError });
  const before = encoded(new BothError());
  registerSerializer(BothError, { name: "Both" });
  registerExportedErrors("file:///both2.js", { BothError });
  const after = encoded(new BothError());
  t.true(Buffer.from(before).includes("file:///both.js#BothError"));
  t.false(Buffer.from(after).includes("file:///both"));
  t.true(decodeCopy(before) instanceof BothError);
  t.true(decodeCopy(after) instanceof BothError);
});

test("where the module is not, an error arrives by its name, in its nearest built-in class", (t) => {
  class FarError extends RangeError {
    far = true;
  }
  registerExportedErrors("file:///far1.js", { FarError });
  const bytes = Buffer.from(encoded(new FarError("m")));
  bytes.write("9", bytes.indexOf("far1.js") + 3);
  const arrived = decodeCopy(bytes) as FarError;
  t.false(arrived instanceof FarError);
  t.true(arrived instanceof RangeError);
  t.deepEqual([arrived.name, arrived.message, arrived.far], ["FarError", "m", true]);
});
