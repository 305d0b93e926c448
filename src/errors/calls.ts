import { KlawError, brandErrorClass, type KlawErrorOptions } from "./base.ts";

/** A task or method has thrown something that is no error; it is the `cause`. */
export class TaskError extends KlawError {
  constructor(message: string, options?: KlawErrorOptions) {
    super("ERR_KLAW_TASK", message, options);
  }
}

/** An actor is dead, or its process ended while a call to it may have run. */
export class ActorDiedError extends KlawError {
  constructor(message: string, options?: KlawErrorOptions) {
    super("ERR_KLAW_ACTOR_DIED", message, options);
  }

  /** How often the actor may still come back, with the restart that has begun: 0 if it is dead, undefined if there is no limit. */
  get restartsLeft(): number | undefined {
    return this.details.restartsLeft as number | undefined;
  }

  /** False if this call never started. */
  get mayHaveRun(): boolean {
    return this.details.mayHaveRun === true;
  }

  /** What its process wrote last, if that has ended. */
  get lastLogLines(): readonly string[] {
    return (this.details.lastLogLines as readonly string[] | undefined) ?? [];
  }
}

/** An actor is being restarted, and the call was not to wait for it. */
export class ActorUnavailableError extends KlawError {
  constructor(message: string, options?: KlawErrorOptions) {
    super("ERR_KLAW_ACTOR_UNAVAILABLE", message, options);
  }
}

/** Another actor has the name. */
export class ActorAlreadyExistsError extends KlawError {
  constructor(message: string, options?: KlawErrorOptions) {
    super("ERR_KLAW_ACTOR_ALREADY_EXISTS", message, options);
  }
}

/** No actor has the name. */
export class ActorNotFoundError extends KlawError {
  constructor(message: string, options?: KlawErrorOptions) {
    super("ERR_KLAW_ACTOR_NOT_FOUND", message, options);
  }
}

/** The process that ran a task has ended, and the task is not tried again. */
export class WorkerCrashedError extends KlawError {
  constructor(message: string, options?: KlawErrorOptions) {
    super("ERR_KLAW_WORKER_CRASHED", message, options);
  }

  /** What the process wrote last. */
  get lastLogLines(): readonly string[] {
    return (this.details.lastLogLines as readonly string[] | undefined) ?? [];
  }
}

/** A call was cancelled. */
export class TaskCancelledError extends KlawError {
  constructor(message = "the call was cancelled", options?: KlawErrorOptions) {
    super("ERR_KLAW_TASK_CANCELLED", message, options);
  }
}

/** A result was not there in time. */
export class GetTimeoutError extends KlawError {
  constructor(message: string, options?: KlawErrorOptions) {
    super("ERR_KLAW_GET_TIMEOUT", message, options);
  }
}

/** As many calls to an actor as `maxPendingCalls` allows are not settled. Nothing was submitted. */
export class PendingCallsLimitExceededError extends KlawError {
  constructor(message: string, options?: KlawErrorOptions) {
    super("ERR_KLAW_PENDING_CALLS_LIMIT", message, options);
  }
}

/** A task needs more than this session has. */
export class TaskUnschedulableError extends KlawError {
  constructor(message: string, options?: KlawErrorOptions) {
    super("ERR_KLAW_TASK_UNSCHEDULABLE", message, options);
  }
}

/** Whoever runs tasks and actors in the session is gone. */
export class RuntimeLostError extends KlawError {
  constructor(message: string, options?: KlawErrorOptions) {
    super("ERR_KLAW_RUNTIME_LOST", message, options);
  }
}

for (const errorClass of [
  TaskError,
  ActorDiedError,
  ActorUnavailableError,
  ActorAlreadyExistsError,
  ActorNotFoundError,
  WorkerCrashedError,
  TaskCancelledError,
  GetTimeoutError,
  PendingCallsLimitExceededError,
  TaskUnschedulableError,
  RuntimeLostError,
]) {
  brandErrorClass(errorClass);
}
