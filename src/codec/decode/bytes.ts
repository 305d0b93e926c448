import { types } from "node:util";

import { corrupt, refused } from "../failure.ts";
import { INLINE_ALIGNMENT, OUT_OF_BAND_ALIGNMENT } from "../limits.ts";
import { ARRAY_BUFFER_OUT_OF_BAND, VIEW_OUT_OF_BAND } from "../tags.ts";
import { UINT8_ARRAY_KIND, VIEW_KINDS, alignedFrom, type ViewKind } from "../views.ts";
import type { Reader } from "./reader.ts";
import { readValue } from "./value.ts";

/** The bytes of a Uint8Array. */
export function readUint8Array(reader: Reader): ArrayBufferView {
  const byteLength = reader.count();
  return makeUint8Array(reader, reader.take(byteLength), byteLength);
}

/** The bytes of any other view, in place or out of band. */
export function readView(reader: Reader, tag: number): ArrayBufferView {
  const kind = kindOf(reader.byte());
  const byteLength = reader.count();
  if (byteLength % kind.elementBytes !== 0) throw corrupt(`${byteLength} bytes for a ${kind.name}`);
  if (tag === VIEW_OUT_OF_BAND) {
    const place = takeOutOfBand(reader, byteLength);
    if (kind === VIEW_KINDS[UINT8_ARRAY_KIND]) return makeUint8Array(reader, place, byteLength);
    return makeView(reader, kind, place, byteLength);
  }
  if (kind.elementBytes > 1) {
    reader.take(alignedFrom(reader.start, reader.position, INLINE_ALIGNMENT) - reader.position);
  }
  return makeView(reader, kind, reader.take(byteLength), byteLength);
}

/** A view on a buffer that other values of the message lie in too. */
export function readViewOfBuffer(reader: Reader): ArrayBufferView {
  const number = reader.reserve();
  const kind = kindOf(reader.count());
  const byteOffset = reader.count();
  const byteLength = reader.count();
  reader.enter();
  const buffer = readValue(reader);
  reader.leave();
  if (
    !types.isArrayBuffer(buffer) ||
    byteOffset + byteLength > buffer.byteLength ||
    byteOffset % kind.elementBytes !== 0 ||
    byteLength % kind.elementBytes !== 0
  ) {
    throw corrupt(`a ${kind.name} that does not fit its buffer`);
  }
  return reader.fulfil(number, kind.make(buffer, byteOffset, byteLength));
}

/** An ArrayBuffer; it is always a copy of its own. */
export function readArrayBuffer(reader: Reader, tag: number): ArrayBuffer {
  const byteLength = reader.count();
  const start =
    tag === ARRAY_BUFFER_OUT_OF_BAND ? takeOutOfBand(reader, byteLength) : reader.take(byteLength);
  return reader.add(reader.bytes.slice(start, start + byteLength).buffer as ArrayBuffer);
}

// A copy is a Uint8Array already; a small one has its bytes in the object, which no view on a buffer can.
function makeUint8Array(reader: Reader, start: number, byteLength: number): ArrayBufferView {
  if (reader.batch!.standsAlone(start, byteLength))
    return reader.add(reader.bytes.slice(start, start + byteLength));
  return makeView(reader, VIEW_KINDS[UINT8_ARRAY_KIND]!, start, byteLength);
}

function makeView(reader: Reader, kind: ViewKind, start: number, byteLength: number): ArrayBufferView {
  const batch = reader.batch!;
  const byteOffset = batch.keep(reader, start, byteLength, kind.elementBytes);
  return reader.add(kind.make(batch.kept, byteOffset, byteLength));
}

function kindOf(number: number): ViewKind {
  const kind = VIEW_KINDS[number];
  if (kind === undefined) throw corrupt(`view kind ${number}`);
  if (kind.prototype === undefined) {
    throw refused(`this version of Node.js has no ${kind.name}; update it, or send another kind of array`);
  }
  return kind;
}

/**
 * The place of `byteLength` bytes out of band. They follow one another in the order in which they are named, so nobody
 * can have one place copied over and over. Where the first begins is checked when the end of what is before it is known.
 */
function takeOutOfBand(reader: Reader, byteLength: number): number {
  const place = reader.start + reader.view.getUint32(reader.take(4), true) * OUT_OF_BAND_ALIGNMENT;
  const isFirst = reader.outOfBandStart === 0;
  const expected = isFirst ? place : alignedFrom(reader.start, reader.outOfBandEnd, OUT_OF_BAND_ALIGNMENT);
  if (place !== expected || place < reader.position || place + byteLength > reader.end) {
    throw corrupt(`${byteLength} bytes out of band at ${place - reader.start}`);
  }
  if (isFirst) reader.outOfBandStart = place;
  reader.outOfBandEnd = place + byteLength;
  return place;
}
