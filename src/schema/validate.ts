import { InvalidArgumentError, SchemaError, propertyStep, type SchemaIssue } from "../errors/index.ts";
import type { StandardIssue, StandardResult, StandardSchemaV1 } from "./standard.ts";

/**
 * Checks `value` against a schema of any library that follows Standard Schema, and gives what the schema makes of it.
 *
 * @param rootName - what the value is called in errors.
 * @throws SchemaError if it does not fit.
 * @throws InvalidArgumentError `ERR_KLAW_SCHEMA_ASYNC` if the schema answers by a promise: sending is synchronous.
 *
 * @example
 * ```ts
 * const positive: StandardSchemaV1<number> = {
 *   "~standard": {
 *     version: 1,
 *     vendor: "example",
 *     validate: (value) =>
 *       typeof value === "number" && value > 0 ? { value } : { issues: [{ message: "not above zero" }] },
 *   },
 * };
 * validate(positive, 3); // 3
 * validate(positive, -1); // throws SchemaError: value does not fit the schema: not above zero
 * ```
 */
export function validate<Output>(
  schema: StandardSchemaV1<unknown, Output>,
  value: unknown,
  rootName: string = "value",
): Output {
  const standard = schema["~standard"];
  const result = standard.validate(value);
  if (isPromise(result)) throw asyncSchema(standard.vendor, result);
  if (result.issues === undefined) return result.value;
  throw new SchemaError(
    result.issues.map((issue) => readable(issue, rootName)),
    rootName,
  );
}

function isPromise<Output>(
  result: StandardResult<Output> | Promise<StandardResult<Output>>,
): result is Promise<StandardResult<Output>> {
  return typeof (result as Partial<Promise<unknown>>).then === "function";
}

function asyncSchema(vendor: string, result: Promise<unknown>): InvalidArgumentError {
  // Nobody waits for it, so its failure is nobody's either.
  result.then(undefined, () => {});
  return new InvalidArgumentError(
    `the schema (${vendor}) validates asynchronously, and sending cannot wait for it: ` +
      "use one without async refinements or transforms, or validate before you send",
    { code: "ERR_KLAW_SCHEMA_ASYNC", details: { vendor } },
  );
}

function readable({ message, path = [] }: StandardIssue, rootName: string): SchemaIssue {
  const keys = path.map((step) => (typeof step === "object" ? step.key : step));
  return { message, keys, path: rootName + keys.map(stepOf).join("") };
}

function stepOf(key: PropertyKey): string {
  if (typeof key === "number") return `[${key}]`;
  if (typeof key === "symbol") return `[${String(key)}]`;
  return propertyStep(key);
}
