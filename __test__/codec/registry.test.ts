import test from "ava";

import { InvalidArgumentError, KlawError, SerializationError } from "../../src/errors/index.ts";
import { registerReference, registerSerializer } from "../../src/codec/index.ts";
import { decodeCopy, encoded, roundTrip } from "./round-trip.ts";

class Point {
  x: number;
  y: number;
  constructor(x: number, y: number) {
    this.x = x;
    this.y = y;
  }
  get length(): number {
    return Math.hypot(this.x, this.y);
  }
}
registerSerializer(Point);

class Money {
  static made = 0;
  #cents: bigint;
  constructor(cents: bigint) {
    Money.made++;
    this.#cents = cents;
  }
  get cents(): bigint {
    return this.#cents;
  }
}
registerSerializer(Money, { encode: (money) => money.cents, decode: (cents) => new Money(cents) });

class Node {
  next: Node | undefined;
}
registerSerializer(Node, { name: "list.Node" });

test("without functions of its own: fields and prototype, no call of the constructor", (t) => {
  const [point, again] = roundTrip([new Point(3, 4)].flatMap((p) => [p, p]));
  t.true(point instanceof Point);
  t.is(point!.length, 5);
  t.is(point, again);
});

test("with functions of its own", (t) => {
  const made = Money.made;
  const sent = new Money(5n);
  const [money, again] = roundTrip([sent, sent]);
  t.true(money instanceof Money);
  t.is(money!.cents, 5n);
  t.is(money, again);
  t.is(Money.made, made + 2);
});

test("cycles through fields are kept", (t) => {
  const node = new Node();
  node.next = new Node();
  node.next.next = node;
  const arrived = roundTrip(node);
  t.is(arrived.next!.next, arrived);
});

test("a cycle through an encode function is refused where it is sent", (t) => {
  class Owner {
    pet: unknown;
  }
  registerSerializer(Owner, {
    encode: (owner) => ({ pet: owner.pet }),
    decode: ({ pet }) => Object.assign(new Owner(), { pet }),
  });
  const owner = new Owner();
  owner.pet = { owner };
  const error = t.throws(() => encoded([owner]), { instanceOf: SerializationError })!;
  t.is(error.path, "value[0].encode().pet.owner");
  t.regex(error.message, /before itself/);
  const same = t.throws(() => roundTrip(new Self()), { instanceOf: SerializationError })!;
  t.is(same.path, "value.encode()");
});

class Self {}
registerSerializer(Self, { encode: (self) => self, decode: (self) => self });

test("what encode and decode throw is the cause", (t) => {
  class Broken {
    readonly when: string;
    constructor(when: string) {
      this.when = when;
    }
  }
  const thrown = new Error("broken");
  const fail = (): never => {
    throw thrown;
  };
  registerSerializer(Broken, {
    encode: ({ when }) => (when === "encode" ? fail() : when),
    decode: fail,
  });
  const sending = t.throws(() => encoded({ a: [new Broken("encode")] }), { instanceOf: SerializationError })!;
  t.is(sending.path, "value.a[0]");
  t.is(sending.cause, thrown);
  const reading = t.throws(() => roundTrip({ a: [new Broken("decode")] }), {
    instanceOf: SerializationError,
  })!;
  t.is(reading.path, "value.a[0]");
  t.is(reading.cause, thrown);
  t.is(reading.code, "ERR_KLAW_SERIALIZATION");
});

test("a subclass is registered on its own", (t) => {
  class Point3 extends Point {
    z = 1;
  }
  t.throws(() => encoded(new Point3(1, 2)), { message: /registerSerializer\(Point3\)/ });
});

test("two classes of one name are an error, one class twice is none", (t) => {
  const error = t.throws(() => registerSerializer(class Other {}, { name: "Point" }), {
    instanceOf: KlawError,
  })!;
  t.is(error.code, "ERR_KLAW_CLASS_NAME_TAKEN");
  t.regex(error.message, /option `name`/);
  t.notThrows(() => registerSerializer(Point));
});

test("a class that changes its name leaves the old one free", (t) => {
  class Renamed {}
  registerSerializer(Renamed, { name: "before" });
  registerSerializer(Renamed, { name: "after" });
  t.notThrows(() => registerSerializer(class Other {}, { name: "before" }));
  t.true(roundTrip(new Renamed()) instanceof Renamed);
});

test("a name that is unknown where it arrives says what to do", (t) => {
  class Gone {}
  registerSerializer(Gone, { name: "gone" });
  const payload = encoded({ list: [new Gone()] });
  registerSerializer(Gone, { name: "gone no more" });
  const error = t.throws(() => decodeCopy(payload), { instanceOf: SerializationError })!;
  t.is(error.code, "ERR_KLAW_CLASS_NOT_REGISTERED");
  t.is(error.path, "value.list[0]");
  t.regex(error.message, /"gone".*registerSerializer in a module that both sides import/);
});

test("a class registered in another way where it arrives is an error", (t) => {
  class Twice {}
  registerSerializer(Twice);
  const fields = encoded(new Twice());
  registerSerializer(Twice, { encode: () => 1, decode: () => new Twice() });
  const converted = encoded(new Twice());
  t.throws(() => decodeCopy(fields), { code: "ERR_KLAW_CLASS_NOT_REGISTERED" });
  registerSerializer(Twice);
  t.throws(() => decodeCopy(converted), { code: "ERR_KLAW_CLASS_NOT_REGISTERED" });
});

test("setters of a registered class are not called by what arrives", (t) => {
  class Guarded {
    set level(_: number) {
      throw new Error("called");
    }
  }
  registerSerializer(Guarded);
  const sent = Object.defineProperty(new Guarded(), "level", { value: 3, enumerable: true });
  t.deepEqual(Object.entries(roundTrip(sent)), [["level", 3]]);
});

for (const [name, register, message] of [
  ["no class", () => registerSerializer((() => 1) as never), /no class/],
  ["no class but an object", () => registerSerializer({} as never), /no class/],
  ["a nameless class", () => registerSerializer((() => class {})()), /no name/],
  ["a built-in class", () => registerSerializer(Map), /built in/],
  ["a class that the codec knows", () => registerSerializer(URL), /built in/],
  ["half of the functions", () => registerSerializer(class Half {}, { encode: () => 1 }), /both/],
  ["a Map without functions", () => registerSerializer(class OwnMap extends Map {}), /OwnMap extends Map/],
] as const) {
  test(`${name} is no class to register`, (t) => {
    t.throws(register, { instanceOf: InvalidArgumentError, message });
  });
}

test("a subclass of a built-in class travels by its functions", (t) => {
  class Bag extends Map<string, number> {}
  registerSerializer(Bag, { encode: (bag) => [...bag], decode: (entries) => new Bag(entries) });
  const arrived = roundTrip(new Bag([["a", 1]]));
  t.true(arrived instanceof Bag);
  t.deepEqual([...arrived], [["a", 1]]);
});

class Ticket {
  readonly id: number;
  constructor(id: number) {
    this.id = id;
  }
}
registerReference(Ticket);
registerReference(AbortSignal);

test("references: one ordinal for each object, in order of first appearance", async (t) => {
  const { Staging, decode, encode } = await import("../../src/codec/index.ts");
  const [first, second] = [new Ticket(1), new Ticket(2)];
  const { signal } = new AbortController();
  const staging = new Staging(new Uint8Array(1_024));
  const end = encode({ a: first, b: [second, first], signal, map: new Map([[second, 1]]) }, staging);
  t.deepEqual(staging.refs, [first, second, signal]);

  const there = [{ at: 1 }, { at: 2 }, { at: 3 }];
  const arrived = decode(staging.bytes, 0, end, there) as Record<string, unknown>;
  t.is(arrived.a, there[0]);
  t.deepEqual(arrived.b, [there[1], there[0]]);
  t.is(arrived.signal, there[2]);
  t.true((arrived.map as Map<unknown, unknown>).has(there[1]));

  t.throws(() => decode(staging.bytes, 0, end, there.slice(0, 2)), { code: "ERR_KLAW_VALUE_CORRUPT" });
  t.throws(() => encode([first, () => 1], staging));
  t.deepEqual(staging.refs, [], "those of a message that failed");
  encode(1, staging);
  t.deepEqual(staging.refs, []);
});
