import * as tags from "../tags.ts";
import { readArray, readKeyedArray } from "./arrays.ts";
import { readBoxed, readDate, readRegExp, readSearchParams, readUrl } from "./builtins.ts";
import { readArrayBuffer, readUint8Array, readView, readViewOfBuffer } from "./bytes.ts";
import { readMap, readSet } from "./collections.ts";
import { readError } from "./errors.ts";
import { readConverted, readInstance, readReference } from "./instances.ts";
import { readKnownShapeObject, readNullPrototypeObject, readRecord, readShapedObject } from "./objects.ts";
import type { Reader } from "./reader.ts";
import { readBigInt, readBigInt64, readFloat64, readInt16, readInt32, readInt8 } from "./scalars.ts";
import { readTaggedText } from "./text.ts";

/** Reads what stands behind a tag. */
export type Read = (reader: Reader, tag: number) => unknown;

/** By tag. */
export const READERS: readonly (Read | undefined)[] = tableOf([
  [tags.NULL, () => null],
  [tags.UNDEFINED, () => undefined],
  [tags.FALSE, () => false],
  [tags.TRUE, () => true],
  [tags.INT8, readInt8],
  [tags.INT16, readInt16],
  [tags.INT32, readInt32],
  [tags.FLOAT64, readFloat64],
  [tags.BIGINT64, readBigInt64],
  [tags.BIGINT, readBigInt],
  [tags.LATIN1, readTaggedText],
  [tags.UTF8, readTaggedText],
  [tags.UTF16, readTaggedText],
  [tags.ARRAY, readArray],
  [tags.KEYED_ARRAY, readKeyedArray],
  [tags.SHAPED_OBJECT, readShapedObject],
  [tags.KNOWN_SHAPE_OBJECT, readKnownShapeObject],
  [tags.OBJECT, readRecord],
  [tags.NULL_PROTOTYPE_OBJECT, readNullPrototypeObject],
  [tags.BACK_REFERENCE, (reader) => reader.object(reader.count())],
  [tags.MAP, readMap],
  [tags.SET, readSet],
  [tags.DATE, readDate],
  [tags.REGEXP, readRegExp],
  [tags.BOXED, readBoxed],
  [tags.URL_TAG, readUrl],
  [tags.URL_SEARCH_PARAMS, readSearchParams],
  [tags.UINT8_ARRAY, readUint8Array],
  [tags.VIEW, readView],
  [tags.VIEW_OUT_OF_BAND, readView],
  [tags.VIEW_OF_BUFFER, readViewOfBuffer],
  [tags.ARRAY_BUFFER, readArrayBuffer],
  [tags.ARRAY_BUFFER_OUT_OF_BAND, readArrayBuffer],
  [tags.ERROR, readError],
  [tags.INSTANCE, readInstance],
  [tags.CONVERTED_INSTANCE, readConverted],
  [tags.REFERENCE, readReference],
]);

function tableOf(rows: readonly (readonly [tag: number, read: Read])[]): (Read | undefined)[] {
  const table: (Read | undefined)[] = Array.from({ length: 0x100 });
  for (const [tag, read] of rows) table[tag] = read;
  return table;
}
