import { Failure, corrupt, describe } from "../failure.ts";

/** Something that only bytes of another origin can make a reader throw. */
export function misread(error: unknown): Failure {
  const { reason, code } = corrupt(describe(error));
  return new Failure(reason, code, { value: error });
}
