import test from "ava";

import { actorShape } from "../../src/actors/methods.ts";
import { InvalidArgumentError } from "../../src/errors/index.ts";

class Base {
  inherited(): void {}
  overridden(): void {}
  hidden(): void {}
}

class Counter extends Base {
  static make(): Counter {
    return new Counter();
  }
  field = 0;
  arrow = (): void => {};
  #secret(): void {}
  second(): void {
    this.#secret();
  }
  first(): void {}
  override *overridden(): Generator<number> {
    yield 1;
  }
  get value(): number {
    return 1;
  }
  set value(_value: number) {}
  [Symbol.iterator](): void {}
  ["#odd"](): void {}
  [Symbol.for("named")](): void {}
  ["a name"](): void {}
}
Object.defineProperty(Counter.prototype, "hidden", { get: () => 1 });

test("public methods: the own ones in their order, then inherited ones", (t) => {
  t.deepEqual(actorShape(Counter).methods, [
    { name: "second", kind: "call" },
    { name: "first", kind: "call" },
    { name: "overridden", kind: "stream" },
    { name: "a name", kind: "call" },
    { name: "inherited", kind: "call" },
  ]);
});

class Streams {
  async *items(): AsyncGenerator<number> {
    yield 1;
  }
}

class Async {
  async call(): Promise<void> {}
}

class Heir extends Async {}

test("a class with an async method lets many calls run", (t) => {
  t.is(actorShape(Counter).defaultMaxConcurrency, 1);
  for (const actorClass of [Streams, Async, Heir]) t.is(actorShape(actorClass).defaultMaxConcurrency, 1_000);
  t.deepEqual(actorShape(Streams).methods, [{ name: "items", kind: "stream" }]);
});

test("no class, or one whose handles were promises", (t) => {
  const thenable = new Function("return class { then() {} }")() as Function;
  for (const value of [thenable, () => 1, undefined as never]) {
    t.throws(() => actorShape(value), { instanceOf: InvalidArgumentError });
  }
});
