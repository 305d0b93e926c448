import { refused } from "../failure.ts";
import { MAX_OBJECTS } from "../limits.ts";

/** Below this many objects a search through a list beats a Map. */
const LISTED = 8;

/** Numbers the objects of a message in order of first appearance. */
export class Identities {
  readonly #listed: (object | undefined)[] = Array.from({ length: LISTED });
  #listedCount = 0;
  #mapped: Map<object, number> | undefined;

  /** The number of `value` if it was here before. Otherwise it gets the next one, and the answer is -1. */
  numberOf(value: object): number {
    if (this.#mapped !== undefined) return this.#numberInMap(this.#mapped, value);
    const listed = this.#listed;
    const count = this.#listedCount;
    for (let i = 0; i < count; i++) {
      if (listed[i] === value) return i;
    }
    if (count < LISTED) {
      listed[count] = value;
      this.#listedCount = count + 1;
      return -1;
    }
    this.#mapped = new Map(listed.map((object, number) => [object!, number]));
    return this.#numberInMap(this.#mapped, value);
  }

  /** Forgets all objects. */
  clear(): void {
    for (let i = 0; i < this.#listedCount; i++) this.#listed[i] = undefined;
    this.#listedCount = 0;
    this.#mapped = undefined;
  }

  #numberInMap(mapped: Map<object, number>, value: object): number {
    const known = mapped.get(value);
    if (known !== undefined) return known;
    if (mapped.size >= MAX_OBJECTS)
      throw refused(`more than ${MAX_OBJECTS} objects in one message; split it`);
    mapped.set(value, mapped.size);
    return -1;
  }
}
