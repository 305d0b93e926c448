import { registerSerializer } from "../../src/codec/index.ts";

/** Travels by its fields. */
class Branch {}
registerSerializer(Branch, { name: "random.Branch" });

/** Travels by what its encode function gives. */
class Sealed {
  readonly inside: readonly unknown[];
  constructor(inside: readonly unknown[]) {
    this.inside = inside;
  }
}
registerSerializer(Sealed, {
  name: "random.Sealed",
  encode: ({ inside }) => inside,
  decode: (inside) => new Sealed(inside),
});

/** A seeded source of values; the same seed gives the same values. */
export class RandomValues {
  #state: number;
  /** Objects of the value that is being made, to be shared. */
  #made: object[] = [];

  constructor(seed: number) {
    this.#state = seed;
  }

  /** An integer from 0 to `limit - 1`. */
  below(limit: number): number {
    // mulberry32
    this.#state = (this.#state + 0x6d2b_79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  /** Any value that can travel; with shared parts and cycles. */
  value(): unknown {
    this.#made = [];
    return this.#any(5);
  }

  #any(depth: number): unknown {
    const kind = this.below(depth > 0 ? 12 : 5);
    if (kind < 4) return this.#primitive();
    if (kind === 4) return this.#leaf();
    if (kind === 5 && this.#made.length > 0) return this.pick(this.#made);
    return this.#container(depth - 1);
  }

  #primitive(): unknown {
    return this.pick([
      () => this.below(200) - 50,
      () => (this.below(2 ** 32) - 2 ** 31) * this.pick([1, 0.5, 1e6, 1e-9]),
      () => this.pick([-0, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]),
      () => BigInt(this.below(2 ** 32)) ** BigInt(this.below(5)) * this.pick([1n, -1n]),
      () => this.pick([null, undefined, true, false]),
      () => this.#text(),
    ])();
  }

  #text(): string {
    const length = this.pick([0, 1, 5, 24, 25, 32, 100]);
    const limit = this.pick([0x7f, 0xff, 0x1_0000]);
    return String.fromCharCode(...Array.from({ length }, () => this.below(limit)));
  }

  #key(): string {
    return this.pick([
      "a",
      "b",
      "id",
      "name",
      "__proto__",
      "constructor",
      "0",
      "17",
      "",
      "日本",
      this.#text(),
    ]);
  }

  #leaf(): object {
    const bytes = new Uint8Array(this.pick([0, 1, 8, 64, 64, 64, 1_000, 5_000])).fill(this.below(256));
    if (bytes.length > 0) bytes[this.below(bytes.length)] = this.below(256);
    const words = bytes.length - (bytes.length % 8);
    return this.#keep(
      this.pick<() => object>([
        () => new Date(this.pick([0, -1, this.below(2 ** 32), Number.NaN])),
        () => new RegExp("a[b-z]+", this.pick(["", "g", "giu"])),
        () => Object(this.pick([1, -0, "s", true, 5n])) as object,
        () => new URL(`https://example.org/${this.below(99)}`),
        () => bytes,
        () => Buffer.from(bytes),
        () => bytes.buffer,
        () => new Float64Array(bytes.buffer, 0, words / 8),
        () => new Uint16Array(bytes.buffer, 0, words / 2),
        () => new BigInt64Array(bytes.buffer, 0, words / 8),
        () => new DataView(bytes.buffer),
      ])(),
    );
  }

  #container(depth: number): object {
    const size = this.pick([0, 1, 2, 3, 5, 17]);
    const many = (add: (i: number) => void): void => {
      for (let i = 0; i < size; i++) add(i);
    };
    switch (this.below(11)) {
      case 0: {
        const map = this.#keep(new Map<unknown, unknown>());
        many(() => map.set(this.#any(depth), this.#any(depth)));
        return map;
      }
      case 1: {
        const set = this.#keep(new Set());
        many(() => set.add(this.#any(depth)));
        return set;
      }
      case 2:
      case 3: {
        const array: unknown[] = this.#keep([]);
        many(() => array.push(this.#any(depth)));
        return array;
      }
      case 4: {
        const sparse: unknown[] = this.#keep([]);
        many(() => (sparse[this.below(3_000)] = this.#any(depth)));
        return sparse;
      }
      case 5:
        return this.#error(depth);
      case 7:
        return this.#filled(new Branch(), size, depth);
      case 8:
        return this.#keep(this.#sealed(size, depth));
      case 6:
        return this.#filled(Object.create(null) as object, size, depth);
      default:
        return this.#filled({}, size, depth);
    }
  }

  /** Nothing inside may lead back to it: so it shares nothing with what it will be in. */
  #sealed(size: number, depth: number): Sealed {
    const outside = this.#made;
    this.#made = [];
    const sealed = new Sealed(Array.from({ length: size }, () => this.#any(depth)));
    this.#made = outside.concat(this.#made);
    return sealed;
  }

  #error(depth: number): object {
    const ErrorClass = this.pick([Error, TypeError, RangeError, SyntaxError]);
    const error = this.below(4) === 0 ? new AggregateError([], this.#text()) : new ErrorClass(this.#text());
    this.#keep(error);
    if (error instanceof AggregateError) error.errors.push(this.#any(depth));
    if (this.below(2) === 0) Object.defineProperty(error, "cause", { value: this.#any(depth) });
    return Object.assign(error, { code: this.#any(depth) });
  }

  #filled(object: object, size: number, depth: number): object {
    this.#keep(object);
    for (let i = 0; i < size; i++) {
      Object.defineProperty(object, this.#key(), {
        value: this.#any(depth),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    return object;
  }

  #keep<T extends object>(object: T): T {
    this.#made.push(object);
    return object;
  }
}
