import { Sharing } from "../channel/sharing.ts";
import { encode, type Staging } from "../codec/index.ts";
import { acquireStaging, releaseStaging } from "../loop.ts";
import { REPLY_HEADER_BYTES, asKlawError, native } from "../native/index.ts";

/** Answers a call with its value, or with why that can't travel. */
export function replyValue(run: number, value: unknown): void {
  try {
    reply(run, value, false);
  } catch (error) {
    replyError(run, asKlawError(error));
  }
}

/** Answers a call with what it has thrown, or, if that can't travel, with what is left of it. */
export function replyError(run: number, thrown: unknown): void {
  try {
    reply(run, thrown, true);
  } catch (error) {
    reply(run, plainError(thrown, asKlawError(error)), true);
  }
}

function reply(run: number, value: unknown, isError: boolean): void {
  const staging = acquireStaging();
  try {
    staging.position = REPLY_HEADER_BYTES;
    const end = encode(value, staging, isError ? "error" : "result");
    if (staging.refs.length === 0) native.reply(run, isError ? 1 : 0, end);
    else replyShared(run, isError, end, staging);
  } finally {
    releaseStaging();
  }
}

function replyShared(run: number, isError: boolean, end: number, staging: Staging): void {
  const sharing = new Sharing(staging.refs);
  native.replyWithEnds(run, isError, end, sharing.pairs);
  sharing.sent();
}

/** An error whose fields can't travel, without them. */
export function plainError(thrown: unknown, why: unknown): Error {
  const isError = thrown instanceof Error;
  const plain = new Error(isError ? thrown.message : String(thrown), { cause: why });
  if (isError) {
    plain.name = thrown.name;
    if (typeof thrown.stack === "string") plain.stack = thrown.stack;
  }
  return plain;
}
