import { actor } from "klaw-runtime";

/** An error of the user's own, which its module exports. */
export class OutOfStockError extends Error {
  readonly item: string;
  readonly left: number;

  constructor(item: string, left: number) {
    super(`${left} of ${item} left`);
    this.name = "OutOfStockError";
    this.item = item;
    this.left = left;
  }
}

class HiddenError extends Error {
  override name = "HiddenError";
  readonly code = "E_HIDDEN";
}

type What =
  "own" | "hidden" | "cause" | "aggregate" | "string" | "undefined" | "function field" | "late" | "self";

const MAKE: Record<What, () => unknown> = {
  own: () => new OutOfStockError("tea", 2),
  hidden: () => new HiddenError("not exported"),
  cause: () => new Error("outer", { cause: new OutOfStockError("milk", 0) }),
  aggregate: () => new AggregateError([new RangeError("one"), "two"], "both"),
  string: () => "just text",
  undefined: () => undefined,
  "function field": () => Object.assign(new TypeError("with a function"), { retry: () => 1, code: "E_ODD" }),
  late: () => new Error("after an await"),
  self: () => {
    const error: Error = new Error("of itself");
    error.cause = error;
    return error;
  },
};

export class Thrower {
  constructor(what?: What, paddingBytes = 0) {
    if (what === undefined) return;
    throw Object.assign(
      MAKE[what]() as object,
      paddingBytes > 0 ? { padding: "x".repeat(paddingBytes) } : {},
    );
  }

  raise(what: What): never {
    throw MAKE[what]();
  }

  async raiseLater(what: What): Promise<never> {
    await new Promise((done) => setTimeout(done, 1));
    throw MAKE[what]();
  }

  fine(): string {
    return "fine";
  }
}

export const Throwers = actor(Thrower);
