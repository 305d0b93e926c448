import { sessions } from "../helpers/session.ts";

import test from "ava";
import { InvalidArgumentError, SchemaError, channel, init, type StandardSchemaV1 } from "klaw-runtime";

test.before(() => init());
test.after.always(async (t) => {
  await (await init()).shutdown();
  t.deepEqual(sessions(), [], "nothing is left");
});

/** Takes numbers and strings of digits, and makes numbers of both. */
const numeric: StandardSchemaV1<number | string, number> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) =>
      Number.isNaN(Number(value)) ? { issues: [{ message: "no number" }] } : { value: Number(value) },
  },
};

test("what fits travels as the schema made it, what does not is refused", async (t) => {
  const [tx, rx] = channel({ schema: numeric });
  await tx.send("12");
  t.true(tx.trySend(13));
  const refused = await t.throwsAsync(tx.send("x"), { instanceOf: SchemaError });
  t.is(refused.code, "ERR_KLAW_SCHEMA");
  await t.throwsAsync(tx.sendMany(["14", "y", "15"]), { instanceOf: SchemaError });
  t.throws(() => tx.trySend("z"), { instanceOf: SchemaError });
  t.deepEqual(await rx.recvMany(10), [12, 13, 14]);
});

test("what is no schema is refused", (t) => {
  t.throws(() => channel({ schema: {} as never }), { instanceOf: InvalidArgumentError });
});
