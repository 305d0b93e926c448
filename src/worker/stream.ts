/**
 * Calls that stream: what they yield goes over the channel that is their last argument.
 *
 * @module
 */
import { types } from "node:util";

import type { Sender } from "../channel/index.ts";
import { ChannelClosedError, KlawError } from "../errors/index.ts";

type Generate = (...args: unknown[]) => Iterable<unknown> | AsyncIterable<unknown>;

/** True for what streams: `method` as it was defined, before it was bound. */
export function isGenerator(method: unknown): boolean {
  return types.isGeneratorFunction(method);
}

/** Sends what a generator yields, no faster than it is read. */
export async function sendItems(generate: Generate, args: unknown[]): Promise<void> {
  const to = args.at(-1) as Sender<unknown>;
  try {
    for await (const item of generate(...args.slice(0, -1))) {
      if (!(await isWanted(to, item))) break;
    }
  } finally {
    to.close();
  }
}

/** False if nobody reads any more. */
async function isWanted(to: Sender<unknown>, item: unknown): Promise<boolean> {
  try {
    await to.send(item);
    return true;
  } catch (error) {
    if (error instanceof ChannelClosedError) return false;
    throw error;
  }
}

/** A method that is no generator has returned what streams: callers have one value for it. */
export function notDeclared({ name }: Function): KlawError {
  const own = name.replace(/^bound /, "");
  return new KlawError(
    "ERR_KLAW_STREAM_NOT_DECLARED",
    `${own} has returned an async iterable, but is no generator: make it one (async *${own}) that yields with \`yield*\`, so ` +
      "that callers get a stream",
  );
}
