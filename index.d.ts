import { ReadableStream as ReadableStream$1, WritableStream as WritableStream$1 } from 'node:stream/web';

interface DefinitionOptions {
	/**
	 * Unique in its module. Default: the own name of the class or function, and for one without a name its number among those,
	 * `#1` for the first. Minified programs must give it, because the minifier of another build may choose another one.
	 */
	readonly name?: string | undefined;
	/**
	 * `import.meta.url` or the path of the module whose import registers the definition. Default: the module that calls. Bundled
	 * programs and helpers that register for others give it.
	 */
	readonly module?: string | undefined;
}
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
/** A task or method has thrown something that is no error; it is the `cause`. */
export declare class TaskError extends KlawError {
	constructor(message: string, options?: KlawErrorOptions);
}
/** An actor is dead, or its process ended while a call to it may have run. */
export declare class ActorDiedError extends KlawError {
	constructor(message: string, options?: KlawErrorOptions);
	/** How often the actor may still come back, with the restart that has begun: 0 if it is dead, undefined if there is no limit. */
	get restartsLeft(): number | undefined;
	/** False if this call never started. */
	get mayHaveRun(): boolean;
	/** What its process wrote last, if that has ended. */
	get lastLogLines(): readonly string[];
}
/** An actor is being restarted, and the call was not to wait for it. */
export declare class ActorUnavailableError extends KlawError {
	constructor(message: string, options?: KlawErrorOptions);
}
/** Another actor has the name. */
export declare class ActorAlreadyExistsError extends KlawError {
	constructor(message: string, options?: KlawErrorOptions);
}
/** No actor has the name. */
export declare class ActorNotFoundError extends KlawError {
	constructor(message: string, options?: KlawErrorOptions);
}
/** The process that ran a task has ended, and the task is not tried again. */
export declare class WorkerCrashedError extends KlawError {
	constructor(message: string, options?: KlawErrorOptions);
	/** What the process wrote last. */
	get lastLogLines(): readonly string[];
}
/** A call was cancelled. */
export declare class TaskCancelledError extends KlawError {
	constructor(message?: string, options?: KlawErrorOptions);
}
/** A result was not there in time. */
export declare class GetTimeoutError extends KlawError {
	constructor(message: string, options?: KlawErrorOptions);
}
/** As many calls to an actor as `maxPendingCalls` allows are not settled. Nothing was submitted. */
export declare class PendingCallsLimitExceededError extends KlawError {
	constructor(message: string, options?: KlawErrorOptions);
}
/** A task needs more than this session has. */
export declare class TaskUnschedulableError extends KlawError {
	constructor(message: string, options?: KlawErrorOptions);
}
/** Whoever runs tasks and actors in the session is gone. */
export declare class RuntimeLostError extends KlawError {
	constructor(message: string, options?: KlawErrorOptions);
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
/** This process can't find the class or function of an actor or task. `cause`: why its module could not be imported. */
export declare class DefinitionNotFoundError extends KlawError {
	constructor(message: string, options?: KlawErrorOptions);
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
declare const refBrand: unique symbol;
/**
 * Stands for an object: the value of a call's result or of a `put`, there or yet to come, in whatever process it is. Not thenable,
 * so that async functions can return one.
 *
 * A plain value: as an argument of a call it is resolved to its object before the call runs; inside of an array or object, in a
 * return value or a message, it stays a reference.
 */
export interface ObjectRef<out T> extends Disposable {
	readonly [refBrand]: T;
	/** Lets go of the object, which is freed once nobody holds it. Else garbage collection does. Releasing again does nothing. */
	release(): void;
	[Symbol.dispose](): void;
}
/** The items of a call that streams, each as a reference. An error of the call is one last reference that rejects. */
export interface ObjectRefGenerator<out T> extends AsyncIterable<ObjectRef<T>, void, void> {
	/** Ends the call where it runs: its `finally` blocks run. */
	cancel(reason?: unknown): Promise<void>;
}
/**
 * The items of a call that streams, as they come. An error of the call is thrown by the iteration. Leaving the loop, `return()` and
 * abort end the call where it runs, and its `finally` blocks run.
 */
export interface Stream<out T> extends AsyncIterableIterator<T, void, void>, AsyncDisposable {
	/** The same as a Web stream; cancelling it ends the call. */
	readable(): ReadableStream$1<T>;
}
type AnyFunction = (...args: any[]) => any;
type IsAny<T> = 0 extends 1 & T ? true : false;
interface RefParameterMustBeNested {
	readonly "references arrive as their values: take the value, or nest the reference": never;
}
type Arg<T> = IsAny<T> extends true ? any : [
	Extract<T, ObjectRef<any>>
] extends [
	never
] ? T | ObjectRef<T> : RefParameterMustBeNested;
type Args<A extends readonly unknown[]> = {
	[K in keyof A]: Arg<A[K]>;
};
type Streams = AsyncIterable<any, any, any> | Generator<any, any, any>;
type Item<R> = R extends AsyncIterable<infer T, any, any> ? T : R extends Generator<infer T, any, any> ? T : never;
type IsStream<R> = [
	R
] extends [
	never
] ? false : [
	R
] extends [
	Receiver<any>
] ? false : [
	R
] extends [
	Streams
] ? true : false;
type Called<R> = IsAny<R> extends true ? Promise<any> : IsStream<R> extends true ? Stream<Item<R>> : Promise<Awaited<R>>;
type Reffed<R> = IsAny<R> extends true ? ObjectRef<any> : IsStream<R> extends true ? ObjectRefGenerator<Item<R>> : ObjectRef<Awaited<R>>;
type Signatures<F> = F extends {
	(...args: infer A1): infer R1;
	(...args: infer A2): infer R2;
	(...args: infer A3): infer R3;
	(...args: infer A4): infer R4;
} ? Distinct<[
	[
		A1,
		R1
	],
	[
		A2,
		R2
	],
	[
		A3,
		R3
	],
	[
		A4,
		R4
	]
]> : [
];
type Distinct<L extends readonly unknown[]> = L extends [
	infer First,
	infer Second,
	...infer Rest
] ? Same<First, Second> extends true ? Distinct<[
	Second,
	...Rest
]> : [
	First,
	...Distinct<[
		Second,
		...Rest
	]>
] : L;
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type CallOf<L> = L extends [
	[
		infer A extends unknown[],
		infer R
	],
	...infer Rest
] ? ((...args: Args<A>) => Called<R>) & CallOf<Rest> : unknown;
type RemoteOf<L> = L extends [
	[
		infer A extends unknown[],
		infer R
	],
	...infer Rest
] ? ((...args: Args<A>) => Reffed<R>) & RemoteOf<Rest> : unknown;
type Callable<F> = CallOf<Signatures<F>> & {
	/** Calls it and gives a reference to the result at once, so that another call can take it. */
	readonly remote: RemoteOf<Signatures<F>>;
};
declare const classBrand: unique symbol;
type AnyConstructor = new (...args: any[]) => any;
type MethodKey<T> = {
	[K in keyof T & string]: [
		T[K]
	] extends [
		AnyFunction
	] ? K : never;
}[keyof T & string];
type MethodName<C> = C extends AnyConstructor ? MethodKey<InstanceType<C>> : never;
type ActorMethodOf<F> = Callable<F> & {
	/** The same method with these options: `handle.read.options({ timeoutMs: 100 })(key)`, or `….remote(key)`. */
	options(options: CallOptions): Callable<F>;
};
/**
 * An actor, seen from any process: its public methods, and nothing else by name. A plain value that can be passed, returned and
 * stored. An actor ends when its last handle is gone. A field that holds a function is no method, though TypeScript takes it for one.
 *
 * `await using` ends the actor at the end of the block, after the calls that it has got.
 */
export type ActorHandle<T> = {
	readonly [K in Exclude<MethodKey<T>, "then">]: ActorMethodOf<T[K]>;
} & AsyncDisposable;
type ConstructorArgs<C> = C extends {
	new (...args: infer A1): any;
	new (...args: infer A2): any;
	new (...args: infer A3): any;
} ? Distinct<[
	A1,
	A2,
	A3
]> : [
];
type Making<L, Made> = L extends [
	infer A extends unknown[],
	...infer Rest
] ? ((...args: Args<A>) => Made) & Making<Rest, Made> : unknown;
/** Makes actors of a class. */
export interface ActorFactory<C extends AnyConstructor> {
	readonly [classBrand]: C;
	/**
	 * Makes an actor. Resolves when its constructor has run, and rejects with what that threw. An
	 * argument may be an ObjectRef, which is resolved first.
	 */
	readonly create: Making<ConstructorArgs<C>, Promise<ActorHandle<InstanceType<C>>>>;
	/**
	 * Makes an actor, and gives its handle at once: calls wait until it is there, and reject with an ActorDiedError whose `cause` is what
	 * the constructor threw. Throws for an argument that is a reference: its object may not be there yet, and `create` waits for it.
	 */
	readonly remote: Making<ConstructorArgs<C>, ActorHandle<InstanceType<C>>>;
}
/** What `actor(Class)` gives. */
export interface ActorClass<C extends AnyConstructor> extends ActorFactory<C> {
	/** Makes actors with these options, which go before those of the definition. */
	options(options: ActorOptions): ActorFactory<C>;
}
/** The type of the handles of an actor class: `HandleOf<typeof Counters>`. */
export type HandleOf<A extends {
	readonly [classBrand]: AnyConstructor;
}> = ActorHandle<InstanceType<A[typeof classBrand]>>;
/** What can be said of a method once for all calls; {@link CallOptions} of a call win. */
export interface MethodOptions {
	/** Which of the actor's `concurrencyGroups` its calls count in. Default: the actor's own limit. */
	readonly concurrencyGroup?: string | undefined;
	/** How often a call is sent again after its actor died while it ran. Default: what the actor says. */
	readonly maxTaskRetries?: number | undefined;
	/** Whether a call that throws is tried again too. Default: false. */
	readonly retryExceptions?: boolean | undefined;
	/** What a call does that meets its actor being restarted: it waits (default), or rejects with an `ActorUnavailableError`. */
	readonly whileRestarting?: "wait" | "fail" | undefined;
}
/** Of one call of a method. */
export interface CallOptions extends MethodOptions {
	/** Cancels the call when it aborts. */
	readonly signal?: AbortSignal | undefined;
	/** Cancels the call when it has not settled by then, in milliseconds. Default: none. */
	readonly timeoutMs?: number | undefined;
}
/** How an actor is made and runs. */
export interface ActorOptions {
	/** By which `getActor` finds it; unique in its namespace. Default: none. */
	readonly name?: string | undefined;
	/** What `name` is unique in. Default: that of the runtime. */
	readonly namespace?: string | undefined;
	/** Gives the actor of that name if there is one, instead of an ActorAlreadyExistsError. Default: false. */
	readonly getIfExists?: boolean | undefined;
	/** How often the actor is made anew after its process died; -1: always. Default: 0. */
	readonly maxRestarts?: number | undefined;
	/** How often a call is sent again that was running when the process died; -1: always. Default: 0. */
	readonly maxTaskRetries?: number | undefined;
	/** How many calls run at the same time. Default: 1,000 for a class with async methods, else 1. */
	readonly maxConcurrency?: number | undefined;
	/** Limits of their own for the methods that name them: `{ io: 8 }`. */
	readonly concurrencyGroups?: Readonly<Record<string, number>> | undefined;
	/** How many calls of one submitting process may be unsettled; one more is refused. Default: no limit. */
	readonly maxPendingCalls?: number | undefined;
	/** CPUs that the actor holds as long as it lives. Default: one while it is placed, none while it runs. */
	readonly numCpus?: number | undefined;
	/** How long it may take until the constructor has run, in milliseconds. Default: no limit. */
	readonly startTimeoutMs?: number | undefined;
}
/**
 * Defaults of all actors of a class, and how its definition is named: `name` is that of the definition, in its module, not of any
 * actor.
 */
export interface ActorDefaults<C> extends Omit<ActorOptions, "name" | "getIfExists">, DefinitionOptions {
	/** Options of single methods. */
	readonly methods?: {
		readonly [K in MethodName<C>]?: MethodOptions;
	} | undefined;
}
/**
 * Makes a class's instances actors: each lives in a process of its own, and is called from any other by a handle.
 *
 * Call it where the class is defined, at the top level of a module: workers import that module and find the class by its name. Its
 * methods may be called from anywhere, one at a time, unless the class has async methods, which take turns at their awaits
 * (`maxConcurrency`).
 *
 * @throws InvalidArgumentError for what is no class, a class with a member `then`, and options that mean nothing.
 * @throws KlawError `ERR_KLAW_DEFINITION_NO_MODULE` if the module can't be found (a REPL, `-e`), `ERR_KLAW_DEFINITION_IN_TEST_FILE` in
 * a test file, `ERR_KLAW_DEFINITION_NAME_TAKEN` if another definition of the module has the name.
 * @see {@link https://docs.ray.io/en/latest/ray-core/actors.html | Ray's actors}
 *
 * @example
 * ```ts
 * export class Counter {
 *   #n = 0;
 *   inc(by = 1) { return (this.#n += by) }
 * }
 * export const Counters = actor(Counter);
 *
 * await using runtime = await init();
 * const counter = await Counters.create();
 * await counter.inc(); // 1
 * ```
 */
export declare function actor<C extends AnyConstructor>(actorClass: C, defaults?: ActorDefaults<C>): ActorClass<C>;
/**
 * The actor that was made with this name.
 *
 * @param options - `namespace`: what the name is unique in. Default: that of the runtime.
 * @throws ActorNotFoundError if none has it, or none any more.
 *
 * @example
 * ```ts
 * await Counters.options({ name: "visits" }).create();
 * const visits = await getActor<typeof Counters>("visits"); // in any process of the session
 * ```
 */
export declare function getActor<A extends ActorClass<AnyConstructor>>(name: string, options?: {
	readonly namespace?: string | undefined;
}): Promise<HandleOf<A>>;
/**
 * Kills an actor's process at once: no hook runs, and calls that run reject with an `ActorDiedError`.
 *
 * With `noRestart: false` that is a death like any other, and the actor comes back if it has restarts left. Resolves when the
 * process is gone and, with `noRestart`, the actor dead.
 */
export declare function kill(handle: ActorHandle<never> | object, options?: {
	readonly noRestart?: boolean | undefined;
}): Promise<void>;
/**
 * Ends an actor after the calls that were sent to it before: then its own `[Symbol.asyncDispose]()` runs, if it has one, and its
 * process ends. Resolves when it is gone.
 *
 * @param options - `graceMs`: how long that may take; then it is killed. Default: 30,000.
 */
export declare function terminate(handle: ActorHandle<never> | object, options?: {
	readonly graceMs?: number | undefined;
}): Promise<void>;
/** Where code runs. */
export interface RuntimeContext {
	/** Sixteen hex digits. */
	readonly sessionId: string;
	/** False in a worker process. */
	readonly isDriver: boolean;
	/** Of this worker process, unique in the session; undefined in a driver. */
	readonly workerId: string | undefined;
	/** Of the actor whose code this is, the same in all its lives. */
	readonly actorId: string | undefined;
	/** How often this call was tried before; in a constructor, how often the actor died before. */
	readonly attempt: number;
	/** Aborted when this call is cancelled. Outside of calls: never. */
	readonly signal: AbortSignal;
}
/**
 * Where the calling code runs, and as what.
 *
 * @throws NotInitializedError before `init()`, outside of workers.
 * @see {@link https://docs.ray.io/en/latest/ray-core/api/doc/ray.runtime_context.RuntimeContext.html | Ray's runtime context}
 *
 * @example
 * ```ts
 * export const fetched = task(async function fetched(url: string) {
 *   const response = await fetch(url, { signal: runtimeContext().signal }); // ends when the call is cancelled
 *   return response.text();
 * });
 * ```
 */
export declare function runtimeContext(): RuntimeContext;
/** False in a worker process: in code that a worker imports too, what only the driver is to do stands behind it. */
export declare const isDriver: boolean;
/**
 * A handle of the actor whose code calls this: to be given to others.
 *
 * An actor that keeps a handle of itself lives until it is killed or terminated.
 *
 * @throws KlawError `ERR_KLAW_NOT_AN_ACTOR` outside of an actor.
 */
export declare function self<T>(): ActorHandle<T>;
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
type Values<R extends readonly ObjectRef<any>[]> = {
	-readonly [K in keyof R]: R[K] extends ObjectRef<infer V> ? V : never;
};
/**
 * The value of an object; of several, in their order, and the first error rejects at once.
 *
 * Each call gives values of their own, as the object was sealed: changing one changes nothing for others.
 *
 * @param options - `timeoutMs`: how long to wait; 0 gives what is there. `signal`: ends the wait.
 * @throws what the call has thrown whose result it is, `ActorDiedError`, `WorkerCrashedError` or `TaskCancelledError`.
 * @throws GetTimeoutError if it is not there in time.
 * @throws InvalidArgumentError for what is no reference.
 * @see {@link https://docs.ray.io/en/latest/ray-core/api/doc/ray.get.html | ray.get}
 *
 * @example
 * ```ts
 * const squares = [1, 2, 3].map((x) => square.remote(x));
 * await get(squares); // [1, 4, 9]
 * ```
 */
export declare function get<T>(ref: ObjectRef<T>, options?: WaitOptions): Promise<T>;
export declare function get<const R extends readonly ObjectRef<any>[]>(refs: R, options?: WaitOptions): Promise<Values<R>>;
/**
 * Waits until `numReturns` of the references have their objects, be they errors: those that do, at most so many, and all others, both in
 * the order of `refs`.
 *
 * @param options - `numReturns`: default 1. `timeoutMs`: after that, with however many there are. `signal`: rejects.
 * @throws InvalidArgumentError for what is no reference, for one that is given twice, and for a `numReturns` that can't be.
 * @see {@link https://docs.ray.io/en/latest/ray-core/api/doc/ray.wait.html | ray.wait}
 *
 * @example
 * ```ts
 * const [[first], rest] = await wait(urls.map((url) => download.remote(url)));
 * ```
 */
export declare function wait<T>(refs: readonly ObjectRef<T>[], options?: WaitOptions & {
	readonly numReturns?: number | undefined;
}): Promise<[
	ready: ObjectRef<T>[],
	pending: ObjectRef<T>[]
]>;
/**
 * The references in the order in which their objects come.
 *
 * @example
 * ```ts
 * for await (const ref of asCompleted(refs)) console.log(await get(ref));
 * ```
 */
export declare function asCompleted<T>(refs: Iterable<ObjectRef<T>>): AsyncGenerator<ObjectRef<T>, void, void>;
/**
 * Cancels the call whose result a reference stands for: true if it had not settled. The reference rejects with a `TaskCancelledError`
 * at once; code that runs sees its `runtimeContext().signal` aborted. A cancelled call is not retried.
 *
 * @param options - `force`: the worker that runs it is killed; other calls in it are retried as their own options say.
 * @see {@link https://docs.ray.io/en/latest/ray-core/api/doc/ray.cancel.html | ray.cancel}
 */
export declare function cancel(ref: ObjectRef<unknown>, options?: {
	readonly force?: boolean | undefined;
}): Promise<boolean>;
/** How a task runs. */
export interface TaskOptions {
	/** CPUs that a call needs to start. Default: 1. */
	readonly numCpus?: number | undefined;
	/** How often a call is tried again after its worker died; -1: always. Default: 3. */
	readonly maxRetries?: number | undefined;
	/** Whether a call that throws is tried again too. Default: false. */
	readonly retryExceptions?: boolean | undefined;
	/** Cancels the call when it aborts. */
	readonly signal?: AbortSignal | undefined;
	/** Cancels the call when it has not settled by then, in milliseconds. Default: none. */
	readonly timeoutMs?: number | undefined;
}
/** Defaults of all calls of a task, and how its definition is named: `name` is that of the definition, in its module. */
export interface TaskDefaults extends Omit<TaskOptions, "signal">, DefinitionOptions {
}
/** A function that runs in another process. */
export type Task<F extends AnyFunction> = Callable<F> & {
	/** The plain function, here. */
	readonly local: F;
	/** The same task with these options, which go before those of the definition. */
	options(options: TaskOptions): Callable<F>;
};
/**
 * Makes a function a task: called, it runs in a worker process.
 *
 * Call it where the function is defined, at the top level of a module: workers import that module and find the function by its name. A
 * call that was running when its worker died is tried again, three times unless `maxRetries` says otherwise: a task should do
 * no harm when it runs twice.
 *
 * @throws InvalidArgumentError for what is no function, and options that mean nothing.
 * @throws KlawError `ERR_KLAW_DEFINITION_NO_MODULE` if the module can't be found (a REPL, `-e`), `ERR_KLAW_DEFINITION_IN_TEST_FILE` in
 * a test file, `ERR_KLAW_DEFINITION_NAME_TAKEN` if another definition of the module has the name.
 * @see {@link https://docs.ray.io/en/latest/ray-core/tasks.html | Ray's tasks}
 *
 * @example
 * ```ts
 * export const square = task(function square(x: number) { return x * x });
 *
 * await using runtime = await init();
 * await Promise.all([1, 2, 3].map((x) => square(x))); // [1, 4, 9]
 * ```
 */
export declare function task<F extends AnyFunction>(run: F, defaults?: TaskDefaults): Task<F>;
/** How a process takes part. */
export interface InitOptions {
	/** `"local"`: a new private session (default). `"auto"`: the newest of this user. Else the `address` of a runtime. */
	readonly address?: string | undefined;
	/**
	 * How long the event loop looks around for an answer before it sleeps, in microseconds, after waits that were short. A wake
	 * costs tens of them, an answer often comes in two. Default: 20; 0: never.
	 */
	readonly busyPollUs?: number | undefined;
	/** CPUs that tasks and actors of a new session may use. Default: as many as this process may use. */
	readonly numCpus?: number | undefined;
	/** What names of actors are unique in, unless they say otherwise. Default: `"default"`. */
	readonly namespace?: string | undefined;
	/** Whether what workers write is shown here, with its source before each line. Default: true. */
	readonly logToDriver?: boolean | undefined;
	/**
	 * How long calls that run may go on after Ctrl-C, in milliseconds, before the process ends; a second one ends it at once. Nothing
	 * happens if the program listens for SIGINT itself. Default: 5,000.
	 */
	readonly drainMs?: number | undefined;
}
/** How a runtime ends. */
export interface ShutdownOptions {
	readonly graceMs?: number | undefined;
}
/** This process in a session. */
export interface Runtime extends AsyncDisposable {
	/** Sixteen hex digits. */
	readonly sessionId: string;
	/** What other processes give to `init({ address })`. */
	readonly address: string;
	/**
	 * Closes everything that this thread has in the session, and leaves it. Whoever waits is rejected. In the process that has made the
	 * session all workers end. In a worker it does nothing.
	 *
	 * @param options - `graceMs`: how long calls that run may go on, while no new ones are taken. Default: 0.
	 */
	shutdown(options?: ShutdownOptions): Promise<void>;
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
