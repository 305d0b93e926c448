import { inspect } from "node:util";

import { InvalidArgumentError } from "../errors/index.ts";
import { requireSession } from "../loop.ts";
import { asKlawError, native } from "../native/index.ts";
import type { StandardSchemaV1 } from "../schema/index.ts";
import { ReceivingEnd } from "./receiver.ts";
import { SendingEnd } from "./sender.ts";
import type { Receiver, Sender } from "./types.ts";

/** How much a channel holds, and what happens when that is not enough. */
export interface ChannelOptions {
  /** Messages that it holds, over all its senders together. Default: 1,024; at most 2^30. */
  readonly capacity?: number | undefined;
  /** Bytes of encoded messages that it holds, each rounded up to 16, over all its senders together. Default: 8 MiB. */
  readonly maxBytes?: number | undefined;
  /** What `send` does when there is no room: it waits (default), or rejects with a `ChannelFullError`. */
  readonly overflow?: "wait" | "error" | undefined;
}

/** A channel whose messages fit a schema. */
export interface SchemaChannelOptions<S extends StandardSchemaV1> extends ChannelOptions {
  /**
   * A schema of any library that follows [Standard Schema](https://standardschema.dev). What this sender sends is checked
   * against it, and travels as the schema made it. It does not travel itself: senders that arrived in messages don't check.
   */
  readonly schema: S;
}

type Types<S extends StandardSchemaV1> = NonNullable<S["~standard"]["types"]>;

const DEFAULT_CAPACITY = 1_024;
const DEFAULT_MAX_BYTES = 8 * 1_024 * 1_024;
const MOST_MESSAGES = 2 ** 30;
const MOST_BYTES = 2 ** 34 - 16;

/**
 * Makes a bounded channel in shared memory. Both ends are plain values: send one over another channel, and the process that
 * receives it has one more end. Each message goes to one receiver; messages of one sender keep their order.
 *
 * With `schema` the types of both ends are its own, and a message that does not fit rejects with a `SchemaError`.
 *
 * @throws NotInitializedError before `init()`.
 * @throws InvalidArgumentError for options that no channel can have.
 * @throws ShmExhaustedError if `/dev/shm` has no room.
 *
 * @example
 * ```ts
 * const [tx, rx] = channel<{ id: number }>({ capacity: 100 });
 * await tx.send({ id: 1 });
 * const { id } = await rx.recv(); // 1
 * ```
 */
export function channel<S extends StandardSchemaV1>(
  options: SchemaChannelOptions<S>,
): [Sender<Types<S>["input"]>, Receiver<Types<S>["output"]>];
export function channel<T>(options?: ChannelOptions & { readonly schema?: never }): [Sender<T>, Receiver<T>];
export function channel<T>(
  options: ChannelOptions & { readonly schema?: StandardSchemaV1 } = {},
): [Sender<T>, Receiver<T>] {
  const { capacity = DEFAULT_CAPACITY, maxBytes = DEFAULT_MAX_BYTES, overflow = "wait" } = options;
  checkCount("capacity", capacity, 1, MOST_MESSAGES);
  checkCount("maxBytes", maxBytes, 16, MOST_BYTES);
  if (overflow !== "wait" && overflow !== "error") {
    throw new InvalidArgumentError(`overflow is ${String(overflow)}, expected "wait" or "error"`);
  }
  if (options.schema !== undefined && typeof options.schema["~standard"]?.validate !== "function") {
    throw new InvalidArgumentError(
      "schema follows no Standard Schema; give it one of zod, valibot, arktype or the like",
    );
  }
  try {
    requireSession();
    const [sender, receiver] = native.channel(capacity, maxBytes, overflow === "error");
    return [new SendingEnd<T>(sender, options.schema), new ReceivingEnd<T>(receiver)];
  } catch (error) {
    throw asKlawError(error);
  }
}

function checkCount(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new InvalidArgumentError(
      `${name} is ${inspect(value)}, expected a whole number from ${least} to ${most}`,
    );
  }
}
