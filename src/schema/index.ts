export { SchemaError, type SchemaIssue } from "../errors/index.ts";
export type { StandardIssue, StandardResult, StandardSchemaV1 } from "./standard.ts";
export { validate } from "./validate.ts";
