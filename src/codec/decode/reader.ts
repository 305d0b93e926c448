import { corrupt, refused } from "../failure.ts";
import { MAX_DEPTH, MAX_OBJECTS } from "../limits.ts";
import type { Batch } from "./batch.ts";
import type { DecodedShape } from "./shapes.ts";
import { NO_SOURCE, type Source } from "./source.ts";

/** Above this many a fresh list is cheaper than to empty the old one. */
const KEPT_OBJECTS = 64;

/** Stands for an object that is not made yet. */
const UNFINISHED: unique symbol = Symbol("unfinished");

const NO_REFS: readonly unknown[] = [];
/** The state of the one message that is being read. What it reads is hostile: nothing is believed unchecked. */
export class Reader {
  bytes!: Uint8Array;
  view!: DataView;
  /** The same bytes, for reading strings. */
  text!: Buffer;
  batch: Batch | undefined;
  /** Where the payload begins. */
  start = 0;
  position = 0;
  /** Where the payload ends. */
  end = 0;
  refs: readonly unknown[] = NO_REFS;
  /** Where the bytes out of band begin; 0 if there are none, as they stand behind something. */
  outOfBandStart = 0;
  /** Where those end that were read so far. */
  outOfBandEnd = 0;
  #objects: unknown[] = [];
  #objectCount = 0;
  #depth = 0;
  readonly #shapes: (DecodedShape | undefined)[] = [];
  #shapeCount = 0;

  constructor() {
    this.#read(NO_SOURCE);
  }

  /** Starts a message. */
  begin(batch: Batch, start: number, end: number, refs: readonly unknown[]): void {
    this.#read(batch.source);
    this.batch = batch;
    this.start = start;
    this.position = start;
    this.end = end;
    this.refs = refs;
  }

  /** Lets go of all that the message has. */
  finish(): void {
    this.#read(NO_SOURCE);
    this.batch = undefined;
    this.refs = NO_REFS;
    this.#shapeCount = 0;
    this.outOfBandStart = 0;
    if (this.#objectCount > KEPT_OBJECTS) this.#objects = [];
    else for (let i = 0; i < this.#objectCount; i++) this.#objects[i] = undefined;
    this.#objectCount = 0;
    this.#depth = 0;
  }

  /** Gives `object` the next number, for back references. */
  add<T extends object>(object: T): T {
    if (this.#objectCount === MAX_OBJECTS) throw corrupt(`more than ${MAX_OBJECTS} objects`);
    this.#objects[this.#objectCount++] = object;
    return object;
  }

  /** Takes the next number for an object that is made later. */
  reserve(): number {
    this.add(UNFINISHED as unknown as object);
    return this.#objectCount - 1;
  }

  /** The object of a reserved number is made. */
  fulfil<T>(number: number, object: T): T {
    this.#objects[number] = object;
    return object;
  }

  /** The object with this number. */
  object(number: number): unknown {
    if (number >= this.#objectCount) throw corrupt(`a reference to object ${number} of ${this.#objectCount}`);
    const object = this.#objects[number];
    if (object === UNFINISHED) throw corrupt("an object that is part of its own encoded form");
    return object;
  }

  /** Adds a shape that the message defines; they are kept in a table anyway. */
  addShape(shape: DecodedShape): void {
    this.#shapes[this.#shapeCount++] = shape;
  }

  /** The shape with this number. */
  shape(number: number): DecodedShape {
    if (number >= this.#shapeCount) throw corrupt(`shape ${number} of ${this.#shapeCount}`);
    return this.#shapes[number]!;
  }

  /** A container opens. */
  enter(): void {
    if (++this.#depth > MAX_DEPTH) throw refused(`it is nested more than ${MAX_DEPTH} levels deep`);
  }

  /** A container closes. */
  leave(): void {
    this.#depth--;
  }

  /** Bytes of the payload that are not read yet. */
  get left(): number {
    return this.end - this.position;
  }

  /** Says no if fewer than `length` bytes are left; gives where they begin, and moves behind them. */
  take(length: number): number {
    const { position } = this;
    if (length > this.end - position) throw corrupt(`${length} bytes announced, ${this.end - position} left`);
    this.position = position + length;
    return position;
  }

  /** The next byte. */
  byte(): number {
    return this.bytes[this.take(1)]!;
  }

  /** An integer in groups of 7 bits, the lowest first. */
  count(): number {
    let scale = 1;
    let sum = 0;
    for (let i = 0; i < 8; i++) {
      const byte = this.byte();
      sum += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (sum > Number.MAX_SAFE_INTEGER) break;
        return sum;
      }
      scale *= 0x80;
    }
    throw corrupt("a length beyond 2^53");
  }

  /** A count of things that take at least one byte each: so it cannot make anyone allocate more than was sent. */
  countOfParts(): number {
    const count = this.count();
    if (count > this.left) throw corrupt(`${count} parts announced, ${this.left} bytes left`);
    return count;
  }

  #read({ bytes, view, text }: Source): void {
    this.bytes = bytes;
    this.view = view;
    this.text = text;
  }
}
