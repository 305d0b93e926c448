import { KlawError, brandErrorClass, type KlawErrorOptions } from "./base.ts";

/** This process can't find the class or function of an actor or task. `cause`: why its module could not be imported. */
export class DefinitionNotFoundError extends KlawError {
  constructor(message: string, options?: KlawErrorOptions) {
    super("ERR_KLAW_DEFINITION_NOT_FOUND", message, options);
  }
}

brandErrorClass(DefinitionNotFoundError);
