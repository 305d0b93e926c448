import test from "ava";

import { SerializationError } from "../../src/errors/index.ts";
import { decodeCopy, encoded, roundTrip } from "./round-trip.ts";
import { RandomValues } from "./random.ts";
import { difference } from "./same-graph.ts";

const LONG = process.env.KLAW_LONG === "1" ? 10 : 1;
const SEED = Number(process.env.KLAW_SEED ?? 20_261_124);

test(`random values arrive as they were (seed ${SEED})`, (t) => {
  for (let i = 0; i < 1_500 * LONG; i++) {
    const value = new RandomValues(SEED + i).value();
    t.is(difference(roundTrip(value), value), undefined, `KLAW_SEED=${SEED + i}`);
  }
});

test("random values arrive as structured clone has them, where it keeps all of them", (t) => {
  let compared = 0;
  for (let i = 0; i < 600 * LONG; i++) {
    const value = new RandomValues(SEED + i).value();
    let clone: unknown;
    try {
      clone = structuredClone(value);
    } catch {
      // URLs and the like.
      continue;
    }
    // What it drops: fields and classes of errors, prototypes that are null, the class Buffer.
    if (difference(clone, value) !== undefined) continue;
    compared++;
    t.is(difference(roundTrip(value), clone), undefined, `KLAW_SEED=${SEED + i}`);
  }
  t.true(compared > 150, `${compared} compared`);
});

/** Reads bytes of any origin: a value, or an error of the one kind; never anything else. */
function survives(payload: Uint8Array): "value" | "error" {
  try {
    decodeCopy(payload);
    return "value";
  } catch (error) {
    if (error instanceof SerializationError) return "error";
    throw error;
  }
}

const untouched = JSON.stringify(Object.getOwnPropertyNames(Object.prototype));

test.afterEach.always("no prototype was touched", (t) => {
  t.is(JSON.stringify(Object.getOwnPropertyNames(Object.prototype)), untouched);
});

test("messages cut short are errors, at every place", (t) => {
  for (let i = 0; i < 60 * LONG; i++) {
    const payload = encoded(new RandomValues(SEED + i).value());
    const step = Math.max(1, Math.floor(payload.length / 500));
    for (let length = 1; length < payload.length; length += step) {
      t.is(survives(payload.subarray(0, length)), "error", `seed ${SEED + i}, ${length} bytes`);
    }
  }
});

test("messages with bytes behind them are errors", (t) => {
  for (let i = 0; i < 200 * LONG; i++) {
    const payload = encoded(new RandomValues(SEED + i).value());
    t.is(survives(Buffer.concat([payload, Buffer.alloc(1 + (i % 70))])), "error");
  }
});

test("messages with changed bytes are values or errors, never more", (t) => {
  const random = new RandomValues(SEED);
  const seen = { value: 0, error: 0 };
  for (let i = 0; i < 500 * LONG; i++) {
    const payload = encoded(new RandomValues(SEED + i).value());
    for (let round = 0; round < 20; round++) {
      const changed = payload.slice();
      for (let n = random.below(3); n >= 0; n--)
        changed[random.below(Math.min(changed.length, 400))] = random.below(256);
      seen[survives(changed)]++;
    }
  }
  t.true(seen.value > 0 && seen.error > 0, JSON.stringify(seen));
});

test("random bytes are values or errors, never more", (t) => {
  const random = new RandomValues(SEED);
  for (let i = 0; i < 50_000 * LONG; i++) {
    const bytes = Uint8Array.from({ length: 1 + random.below(60) }, () =>
      // Tags are more likely than by chance.
      random.below(3) === 0 ? 0xb0 + random.below(0x30) : random.below(256),
    );
    survives(bytes);
  }
  t.pass();
});
