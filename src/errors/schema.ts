import { KlawError, brandErrorClass } from "./base.ts";

/** One thing that is wrong with a value. */
export interface SchemaIssue {
  /** In the words of the schema's library. */
  readonly message: string;
  /** Where: `value.items[3].price`. */
  readonly path: string;
  /** The same, step by step. */
  readonly keys: readonly PropertyKey[];
}

/** A value does not fit the schema of where it was to go. Nothing was sent. */
export class SchemaError extends KlawError {
  /** All that is wrong, in the schema's order. */
  readonly issues: readonly SchemaIssue[];
  /** Where the first of them is. */
  readonly path: string;

  constructor(issues: readonly SchemaIssue[], rootName: string) {
    const [first] = issues;
    const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
    const path = first?.path ?? rootName;
    super(
      "ERR_KLAW_SCHEMA",
      `${path} does not fit the schema: ${first?.message ?? "no reason given"}${more}`,
    );
    this.issues = issues;
    this.path = path;
  }
}

brandErrorClass(SchemaError);
