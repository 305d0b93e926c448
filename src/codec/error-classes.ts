/** Built-in error classes, in the order of their numbers on the wire: only ever append. */
export const ERROR_CLASSES: readonly { readonly name: string; readonly prototype: Error }[] = [
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
  AggregateError,
  DOMException,
];

/** Number of the class that is made from a list and a message. */
export const AGGREGATE_ERROR: number = ERROR_CLASSES.indexOf(AggregateError);

/** Number of the class that is made from a message and a name. */
export const DOM_EXCEPTION: number = ERROR_CLASSES.indexOf(DOMException);

/** Bits of the byte that says what an error has. */
export const HAS_CAUSE = 1;
export const HAS_ERRORS = 2;
export const HAS_NAME = 4;
export const HAS_STACK = 8;
export const IS_REGISTERED = 16;
export const ALL_ERROR_BITS: number = HAS_CAUSE | HAS_ERRORS | HAS_NAME | HAS_STACK | IS_REGISTERED;
