import { corrupt } from "../failure.ts";
import { FIX_ARRAY, FIX_INT_MAX, FIX_LATIN1, FLOAT64, NULL, SHAPED_OBJECT } from "../tags.ts";
import { readDense } from "./arrays.ts";
import { readShapedObject } from "./objects.ts";
import type { Reader } from "./reader.ts";
import { READERS } from "./readers.ts";
import { readFloat64 } from "./scalars.ts";
import { readLatin1 } from "./text.ts";

/** Reads one value, or throws a `Failure`. */
export function readValue(reader: Reader): unknown {
  const { position } = reader;
  if (position >= reader.end) throw corrupt("the message ends too early");
  reader.position = position + 1;
  const tag = reader.bytes[position]!;
  if (tag <= FIX_INT_MAX) return tag;
  if (tag < FIX_ARRAY) return readLatin1(reader, tag - FIX_LATIN1);
  if (tag < NULL) return readDense(reader, tag - FIX_ARRAY);
  if (tag === FLOAT64) return readFloat64(reader);
  if (tag === SHAPED_OBJECT) return readShapedObject(reader);
  const read = READERS[tag];
  if (read === undefined) throw corrupt(`unknown tag ${tag}`);
  return read(reader, tag);
}
