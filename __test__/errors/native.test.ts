import { readFileSync } from "node:fs";

import test from "ava";

import {
  ChannelClosedError,
  ChannelFullError,
  ChannelTimeoutError,
  InvalidArgumentError,
  KlawError,
  NATIVE_CODES,
  NotInitializedError,
  ProtocolVersionError,
  ShmExhaustedError,
  ValueTooLargeError,
  errorFromNative,
} from "../../src/errors/index.ts";

const SOURCES = [
  "klaw-shm/src/error.rs",
  "klaw-channel/src/error.rs",
  "klaw-core/src/error/mod.rs",
  "klaw-core/src/error/calls.rs",
  "klaw-node/src/error.rs",
].map((path) => `../../crates/${path}`);

test("each code of the native side has a row", (t) => {
  for (const source of SOURCES) {
    const text = readFileSync(new URL(source, import.meta.url), "utf8");
    const codes = [...text.matchAll(/=> "(ERR_KLAW_[A-Z_]+)"/g)].map(([, code]) => code!);
    t.true(codes.length > 2, `${source} says its codes in another way than this test reads`);
    for (const code of codes) t.true(NATIVE_CODES.includes(code), `${code} of ${source} has no row`);
  }
});

for (const [code, ErrorClass] of [
  ["ERR_KLAW_CHANNEL_CLOSED", ChannelClosedError],
  ["ERR_KLAW_CHANNEL_FULL", ChannelFullError],
  ["ERR_KLAW_TIMEOUT", ChannelTimeoutError],
  ["ERR_KLAW_INVALID_OPTION", InvalidArgumentError],
  ["ERR_KLAW_NOT_INITIALIZED", NotInitializedError],
  ["ERR_KLAW_PROTOCOL_VERSION", ProtocolVersionError],
  ["ERR_KLAW_SHM_EXHAUSTED", ShmExhaustedError],
  ["ERR_KLAW_VALUE_TOO_LARGE", ValueTooLargeError],
  ["ERR_KLAW_TABLE_FULL", KlawError],
  ["ERR_KLAW_OF_TOMORROW", KlawError],
] as const) {
  test(`${code} is a ${ErrorClass.name}`, (t) => {
    const error = errorFromNative({ code, message: "what happened" });
    t.is(Object.getPrototypeOf(error), ErrorClass.prototype);
    t.is(error.code, code);
    t.is(error.message, "what happened");
    t.is(error.name, ErrorClass.name);
  });
}

test("details come along, named as in JavaScript", (t) => {
  const details = { bytes: 5, limit_bytes: 4 };
  const error = errorFromNative({
    code: "ERR_KLAW_VALUE_TOO_LARGE",
    message: "m",
    details,
  }) as ValueTooLargeError;
  t.deepEqual(error.details, { bytes: 5, limitBytes: 4 });
  t.is(error.bytes, 5);
  t.is(error.limitBytes, 4);

  const version = errorFromNative({
    code: "ERR_KLAW_PROTOCOL_VERSION",
    message: "m",
    details: { ours: 1, theirs: 2 },
  });
  t.deepEqual([(version as ProtocolVersionError).ours, (version as ProtocolVersionError).theirs], [1, 2]);
});
