import { ReadableStream as ReadableStream$1, WritableStream as WritableStream$1 } from 'node:stream/web';

interface KlawErrorOptions {
	/** What led to it, of any type. */
	readonly cause?: unknown;
	/** Facts for programs: sizes in bytes, limits, names. Plain data. */
	readonly details?: Readonly<Record<string, unknown>>;
}
/**
 * The base of all errors that this package throws on its own account.
 *
 * `code` is stable over versions and starts with `ERR_KLAW_`; `message` says what happened, what was expected and what
 * to do, and may change. `instanceof` holds across copies of the package.
 *
 * @example
 * ```ts
 * const error = new KlawError("ERR_KLAW_OS", "open failed", { details: { subject: "lock" } });
 * error instanceof KlawError; // true
 * error.details.subject; // "lock"
 * ```
 */
export declare class KlawError extends Error {
	/** Stable, `ERR_KLAW_…`. */
	readonly code: string;
	/** Facts for programs; empty if there are none. */
	readonly details: Readonly<Record<string, unknown>>;
	constructor(code: string, message: string, options?: KlawErrorOptions);
}
/**
 * The other side of a channel is gone, by close, by garbage collection or by death. Receivers have got everything that
 * was sent before.
 */
export declare class ChannelClosedError extends KlawError {
	constructor(message?: string, options?: KlawErrorOptions);
}
/** The channel had no room, and its `overflow` option says to fail rather than to wait. Nothing was sent. */
export declare class ChannelFullError extends KlawError {
	constructor(message?: string, options?: KlawErrorOptions);
}
/** The `timeoutMs` of a `send` or `recv` is over. Nothing was sent, nothing was taken. */
export declare class ChannelTimeoutError extends KlawError {
	constructor(message?: string, options?: KlawErrorOptions);
}
interface SchemaIssue {
	/** In the words of the schema's library. */
	readonly message: string;
	/** Where: `value.items[3].price`. */
	readonly path: string;
	/** The same, step by step. */
	readonly keys: readonly PropertyKey[];
}
/** A value does not fit the schema of where it was to go. Nothing was sent. */
export declare class SchemaError extends KlawError {
	/** All that is wrong, in the schema's order. */
	readonly issues: readonly SchemaIssue[];
	/** Where the first of them is. */
	readonly path: string;
	constructor(issues: readonly SchemaIssue[], rootName: string);
}
/** Something was called before `init()`. */
export declare class NotInitializedError extends KlawError {
	constructor(message?: string, options?: KlawErrorOptions);
}
/** The session was made by a version of klaw-runtime that lays out shared memory in another way. */
export declare class ProtocolVersionError extends KlawError {
	constructor(message: string, options?: KlawErrorOptions);
	/** The protocol of this build. */
	get ours(): unknown;
	/** The protocol that the session speaks. */
	get theirs(): unknown;
}
/** The file system behind shared memory has no room. Nothing was written. */
export declare class ShmExhaustedError extends KlawError {
	constructor(message: string, options?: KlawErrorOptions);
}
type SerializationCode = 
/** It holds something that cannot travel; `path` says where. */
"ERR_KLAW_SERIALIZATION"
/** It holds an instance of a class that was not registered here. */
 | "ERR_KLAW_CLASS_NOT_REGISTERED"
/** The bytes are none that this version writes. */
 | "ERR_KLAW_VALUE_CORRUPT"
/** An encode function sent a message over the staging buffer that its own message was being written into. */
 | "ERR_KLAW_REENTRANT_ENCODE";
/**
 * A value cannot be sent, or a message cannot be read. Nothing was sent; of a message, nothing was handed out.
 *
 * @example
 * ```ts
 * const error = new SerializationError("functions cannot travel", "args[0].items[3].cb");
 * error.path; // "args[0].items[3].cb"
 * ```
 */
export declare class SerializationError extends KlawError {
	/** Where in the value: `args[0].items[3].cb`. */
	readonly path: string;
	constructor(message: string, path: string, options?: KlawErrorOptions & {
		readonly code?: SerializationCode;
	});
}
/** A value can never fit where it was to go, not even when nothing else is there. */
export declare class ValueTooLargeError extends KlawError {
	/** What it needs, in bytes. */
	readonly bytes: number;
	/** What fits, in bytes. */
	readonly limitBytes: number;
	constructor(bytes: number, limitBytes: number, message?: string, options?: KlawErrorOptions);
}
/** An argument or option has a value that it cannot have. */
export declare class InvalidArgumentError extends KlawError {
	constructor(message: string, options?: KlawErrorOptions & {
		readonly code?: string;
	});
}
/** What a library for validation offers under `~standard`: https://standardschema.dev, version 1. */
export interface StandardSchemaV1<Input = unknown, Output = Input> {
	readonly "~standard": {
		readonly version: 1;
		/** The library. */
		readonly vendor: string;
		readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
		/** For type inference; never there at run time. */
		readonly types?: {
			readonly input: Input;
			readonly output: Output;
		} | undefined;
	};
}
type StandardResult<Output> = {
	readonly value: Output;
	readonly issues?: undefined;
} | {
	readonly issues: readonly StandardIssue[];
};
interface StandardIssue {
	readonly message: string;
	/** The steps from the value to the place, outermost first. */
	readonly path?: readonly (PropertyKey | {
		readonly key: PropertyKey;
	})[] | undefined;
}
/** How long a wait may take, and who may end it. */
export interface WaitOptions {
	/** Ends the wait: it rejects with the signal's reason. */
	readonly signal?: AbortSignal | undefined;
	/** Ends the wait after so many milliseconds, with a {@link ChannelTimeoutError}. Default: it never ends. */
	readonly timeoutMs?: number | undefined;
}
/**
 * A sending end of a channel. Its messages arrive in their order; those of different senders mix.
 *
 * It is a plain value: sent in a message, it gives the receiving process one more sender of the channel; {@link move} hands it
 * over. The channel is closed for receivers when its last sender is gone, by `close`, by garbage collection or by the death
 * of its process, and they have got everything.
 */
export interface Sender<in T> extends Disposable {
	/**
	 * Sends a message. Resolves when it is in the channel, which may have to wait for room; in a channel with
	 * `overflow: "error"` it rejects instead of waiting.
	 *
	 * The value is taken as it is now: changing it afterwards changes nothing in the message. Without `await` messages keep their
	 * order, and wait in memory; `await` is what makes a fast sender go at its receiver's pace.
	 *
	 * @throws ChannelClosedError if every receiver is gone, or this sender was closed.
	 * @throws ChannelFullError if there is no room, with `overflow: "error"`.
	 * @throws ChannelTimeoutError after `timeoutMs` without room; nothing was sent then.
	 * @throws SerializationError if a part of the value can't travel; `path` says which.
	 * @throws SchemaError if it does not fit the channel's schema.
	 * @throws ValueTooLargeError if it could never fit: more than `maxBytes` of the channel, or than 16 MiB.
	 */
	send(value: T, options?: WaitOptions): Promise<void>;
	/**
	 * Sends a message if there is room now: false if there is none. Messages of this sender that wait go first.
	 *
	 * @throws as {@link Sender.send} rejects, except for want of room.
	 */
	trySend(value: T): boolean;
	/**
	 * Sends messages in their order, together as far as there is room. Resolves when the last is in the channel; if it rejects,
	 * those before the one at fault are sent.
	 */
	sendMany(values: Iterable<T>, options?: WaitOptions): Promise<void>;
	/** Closes this sender; messages that wait for room are sent first. Closing it again does nothing. */
	close(): void;
	/**
	 * A Web stream that sends what is written to it: its writer waits for room. Closing it closes this sender, and so does aborting
	 * it. For Node.js streams: `Writable.fromWeb(tx.writable())`.
	 */
	writable(): WritableStream$1<T>;
	[Symbol.dispose](): void;
}
/**
 * A receiving end of a channel. With several of them, each message goes to one.
 *
 * It is a plain value: sent in a message, it gives the receiving process one more receiver of the channel; {@link move} hands it
 * over. When the last receiver is gone, by `close`, by garbage collection or by the death of its process, senders are told so,
 * and what nobody received is dropped.
 */
export interface Receiver<out T> extends AsyncIterable<T, void, void>, Disposable {
	/**
	 * The next message; waits for one. Several that wait are served in their order.
	 *
	 * @throws ChannelClosedError once every sender is gone and everything was received, or if this receiver was closed.
	 * @throws ChannelTimeoutError after `timeoutMs` without a message; nothing was taken then.
	 * @throws SerializationError if the message can't be read here: a class in it is not registered. The message is taken.
	 */
	recv(options?: WaitOptions): Promise<T>;
	/**
	 * The next message if one is there, `undefined` if none is.
	 *
	 * @throws as {@link Receiver.recv} rejects.
	 */
	tryRecv(): {
		value: T;
	} | undefined;
	/**
	 * The messages that are there, at most `max` of them, in one call; waits for the first. `[]` once every sender is gone and
	 * everything was received.
	 *
	 * @param max - 1 or more; at most 1,024 come at once.
	 */
	recvMany(max: number, options?: WaitOptions): Promise<T[]>;
	/** Messages until the channel is closed. Leaving the loop leaves the receiver open. */
	[Symbol.asyncIterator](): AsyncIterator<T, void, void>;
	/** Closes this receiver; whoever waits for it gets a {@link ChannelClosedError}. Closing it again does nothing. */
	close(): void;
	/**
	 * A Web stream of the messages, which ends with the channel. It takes a message when one is wanted, and none ahead; cancelling
	 * it closes this receiver. For Node.js streams: `Readable.fromWeb(rx.readable())`.
	 */
	readable(): ReadableStream$1<T>;
	[Symbol.dispose](): void;
}
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
export declare function channel<S extends StandardSchemaV1>(options: SchemaChannelOptions<S>): [
	Sender<Types<S>["input"]>,
	Receiver<Types<S>["output"]>
];
export declare function channel<T>(options?: ChannelOptions & {
	readonly schema?: never;
}): [
	Sender<T>,
	Receiver<T>
];
/**
 * Hands a channel end over: in a message, it opens there, and closes here when the message is sent. If the message is never
 * sent, because its wait for room has ended, say, the end stays here.
 *
 * Without `move` an end in a message is shared: both sides have one then.
 *
 * @example
 * ```ts
 * const [tx, rx] = channel<number>();
 * await mailbox.send({ answerTo: move(tx) });
 * for await (const answer of rx) console.log(answer); // ends when the other side closes its sender
 * ```
 */
export declare function move<E extends Sender<never> | Receiver<unknown>>(end: E): E;
type AnyClass<T extends object = object> = (abstract new (...args: never[]) => T) | (Function & {
	prototype: T;
});
/** How instances of a class travel. */
export interface SerializerOptions<T extends object, E = unknown> {
	/**
	 * Gives what travels instead of the instance: any value that can travel. Without `encode` and `decode`, the
	 * instance's own fields travel.
	 */
	readonly encode?: (instance: T) => E;
	/** Makes the instance again, in the process that receives it. */
	readonly decode?: (encoded: E) => T;
	/** What both sides call the class. Default: the class's own name; minifiers change that. */
	readonly name?: string;
}
/**
 * Makes instances of `registered` travel, in values of every kind. Both sides must register it; a module that both
 * import is the place for it.
 *
 * Without `encode` and `decode` the own enumerable fields travel, and the instance arrives with its prototype but
 * without a call of its constructor: private `#fields` don't travel. A class that has some, or that extends a built-in
 * class other than Error, needs `encode` and `decode`. Subclasses are registered on their own. Registering a class
 * again replaces what was said before.
 *
 * @throws InvalidArgumentError if the class has no name, is built in or a plain function, or cannot do without `encode`.
 * @throws KlawError `ERR_KLAW_CLASS_NAME_TAKEN` if another class has that name.
 *
 * @example
 * ```ts
 * class Point {
 *   constructor(public x: number, public y: number) {}
 *   get length() { return Math.hypot(this.x, this.y) }
 * }
 * registerSerializer(Point);
 *
 * class Money {
 *   #cents: bigint;
 *   constructor(cents: bigint) { this.#cents = cents }
 *   get cents() { return this.#cents }
 * }
 * registerSerializer(Money, { encode: (money) => money.cents, decode: (cents) => new Money(cents) });
 * ```
 */
export declare function registerSerializer<T extends object, E = unknown>(registered: AnyClass<T>, options?: SerializerOptions<T, E>): void;
/** How a process takes part. */
export interface InitOptions {
	/** `"local"`: a new private session (default). `"auto"`: the newest of this user. Else the `address` of a runtime. */
	readonly address?: string | undefined;
	/**
	 * How long the event loop looks around for an answer before it sleeps, in microseconds, after waits that were short. A wake
	 * costs tens of them, an answer often comes in two. Default: 20; 0: never.
	 */
	readonly busyPollUs?: number | undefined;
}
/** This process in a session. */
export interface Runtime extends AsyncDisposable {
	/** Sixteen hex digits. */
	readonly sessionId: string;
	/** What other processes give to `init({ address })`. */
	readonly address: string;
	/** Closes everything that this thread has in the session, and leaves it. Whoever waits is rejected. */
	shutdown(): Promise<void>;
}
/**
 * Joins a session; with no options a new one. Called again it gives the same runtime, as long as that was not shut down: a
 * thread is in one session at a time.
 *
 * @throws InvalidArgumentError for options that mean nothing.
 * @throws KlawError `ERR_KLAW_ALREADY_INITIALIZED` if this thread is in another session than the one asked for.
 * @throws KlawError `ERR_KLAW_SESSION_GONE` if nobody lives at `address`.
 * @throws ProtocolVersionError if another version of klaw-runtime made the session.
 * @throws ShmExhaustedError if `/dev/shm` has no room.
 *
 * @example
 * ```ts
 * await using runtime = await init();
 * const [tx, rx] = channel<string>();
 * await tx.send("hello");
 * console.log(await rx.recv()); // hello
 * ```
 */
export declare function init(options?: InitOptions): Promise<Runtime>;

export {};
