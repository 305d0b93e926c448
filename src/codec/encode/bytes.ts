import { types } from "node:util";

import { refused } from "../failure.ts";
import { INLINE_ALIGNMENT, OUT_OF_BAND_BYTES } from "../limits.ts";
import type { Staging } from "../staging.ts";
import {
  ARRAY_BUFFER,
  ARRAY_BUFFER_OUT_OF_BAND,
  UINT8_ARRAY,
  VIEW,
  VIEW_OF_BUFFER,
  VIEW_OUT_OF_BAND,
} from "../tags.ts";
import { BUFFER_KIND, UINT8_ARRAY_KIND, VIEW_KINDS, alignedFrom } from "../views.ts";
import { intrinsicGetter, typedArrayPrototype } from "./intrinsics.ts";
import { deferBytes } from "./out-of-band.ts";
import { writeCount, writeCounted } from "./scalars.ts";
import { bufferOf } from "./shared-buffers.ts";
import { writeValue } from "./value.ts";

type Write = (staging: Staging, value: object) => void;

/** What stands before the length of bytes. */
interface Head {
  readonly tag: number;
  readonly kind?: number;
}

const typedArrayByteLength = intrinsicGetter<number>(typedArrayPrototype, "byteLength");
const typedArrayByteOffset = intrinsicGetter<number>(typedArrayPrototype, "byteOffset");
const dataViewByteLength = intrinsicGetter<number>(DataView.prototype, "byteLength");
const dataViewByteOffset = intrinsicGetter<number>(DataView.prototype, "byteOffset");

/** A writer for views of the kind with this number. */
export function viewWriter(kind: number): Write {
  const { elementBytes, prototype } = VIEW_KINDS[kind]!;
  const isDataView = prototype === DataView.prototype;
  const byteLengthOf = isDataView ? dataViewByteLength : typedArrayByteLength;
  const byteOffsetOf = isDataView ? dataViewByteOffset : typedArrayByteOffset;
  const inline: Head = kind === UINT8_ARRAY_KIND ? { tag: UINT8_ARRAY } : { tag: VIEW, kind };
  const outOfBand: Head = { tag: VIEW_OUT_OF_BAND, kind };
  return (staging, value) => {
    const view = value as ArrayBufferView;
    const byteLength = byteLengthOf(view);
    if (kind !== BUFFER_KIND && staging.sharedBuffers.meetView(view)) {
      writeViewOfBuffer(staging, kind, bufferOf(view), byteOffsetOf(view), byteLength);
      return;
    }
    const bytes =
      elementBytes === 1 && !isDataView
        ? (view as Uint8Array)
        : new Uint8Array(bufferOf(view), byteOffsetOf(view), byteLength);
    if (byteLength >= OUT_OF_BAND_BYTES) writeOutOfBand(staging, outOfBand, bytes, byteLength);
    else writeInline(staging, inline, elementBytes, bytes, byteLength);
  };
}

/** Writes an ArrayBuffer. A resizable one arrives with a fixed length. */
export function writeArrayBuffer(staging: Staging, value: object): void {
  if (!types.isArrayBuffer(value)) throw refused("it only has the prototype of ArrayBuffer");
  staging.sharedBuffers.meet(value);
  const bytes = new Uint8Array(value);
  if (bytes.length >= OUT_OF_BAND_BYTES) {
    writeOutOfBand(staging, { tag: ARRAY_BUFFER_OUT_OF_BAND }, bytes, bytes.length);
  } else writeInline(staging, { tag: ARRAY_BUFFER }, 1, bytes, bytes.length);
}

function writeInline(
  staging: Staging,
  head: Head,
  elementBytes: number,
  bytes: Uint8Array,
  byteLength: number,
): void {
  writeHead(staging, head, byteLength);
  staging.room(byteLength + INLINE_ALIGNMENT);
  if (elementBytes > 1) {
    const aligned = alignedFrom(staging.start, staging.position, INLINE_ALIGNMENT);
    staging.bytes.fill(0, staging.position, aligned);
    staging.position = aligned;
  }
  staging.bytes.set(bytes, staging.position);
  staging.position += byteLength;
}

function writeOutOfBand(staging: Staging, head: Head, bytes: Uint8Array, byteLength: number): void {
  writeHead(staging, head, byteLength);
  deferBytes(staging, bytes, byteLength);
}

function writeHead(staging: Staging, { tag, kind }: Head, byteLength: number): void {
  staging.room(10);
  staging.bytes[staging.position++] = tag;
  if (kind !== undefined) staging.bytes[staging.position++] = kind;
  writeCount(staging, byteLength);
}

function writeViewOfBuffer(
  staging: Staging,
  kind: number,
  buffer: ArrayBufferLike,
  byteOffset: number,
  byteLength: number,
): void {
  writeCounted(staging, VIEW_OF_BUFFER, kind);
  staging.room(16);
  writeCount(staging, byteOffset);
  writeCount(staging, byteLength);
  writeValue(staging, buffer);
}
