import { InvalidArgumentError } from "./errors/index.ts";

/** Throws unless `value` is a whole number from `least` to `most`. */
export function checkCount(name: string, value: unknown, least: number, most: number = 2 ** 31 - 1): void {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return;
  throw new InvalidArgumentError(
    `${name} is ${String(value)}, expected a whole number from ${least} to ${most}`,
  );
}
