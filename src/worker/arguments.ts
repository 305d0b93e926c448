import type { Payload } from "../calls/take.ts";

/** Words of the table behind arguments that stand apart: number, start, end, ends. */
const ROW_WORDS = 4;

/**
 * The arguments of a call, with those in their places that stand apart behind the others: results of other calls, as these came.
 *
 * @param parts - how many those are.
 */
export function argumentsOf(payload: Payload, parts: number): unknown[] {
  if (parts === 0) return payload.value("args") as unknown[];
  const { buffer, byteOffset, byteLength } = payload.bytes();
  const tableBytes = 4 * ROW_WORDS * (parts + 1);
  const table = new DataView(buffer, byteOffset + byteLength - tableBytes, tableBytes);
  let firstEnd = 0;
  const read = (row: number, called: string): { place: number; value: unknown } => {
    const word = (n: number): number => table.getUint32(4 * (ROW_WORDS * row + n), true);
    const ends = payload.ends.slice(firstEnd, firstEnd + word(3));
    firstEnd += ends.length;
    return { place: word(0), value: payload.part(word(1), word(2), called, ends) };
  };
  const args = read(0, "args").value as unknown[];
  for (let row = 1; row <= parts; row++) {
    const { place, value } = read(row, "args");
    args[place] = value;
  }
  return args;
}
