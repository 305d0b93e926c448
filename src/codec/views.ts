/** A kind of view on bytes. Its place in {@link VIEW_KINDS} is what travels. */
export interface ViewKind {
  readonly name: string;
  /** Bytes of one element. */
  readonly elementBytes: number;
  /** None where this version of Node.js does not have the class. */
  readonly prototype: object | undefined;
  /** Makes the view; `byteLength` is a multiple of `elementBytes`, and `byteOffset` too. */
  readonly make: (buffer: ArrayBuffer, byteOffset: number, byteLength: number) => ArrayBufferView;
}

type TypedArrayClass = {
  new (buffer: ArrayBuffer, byteOffset: number, length: number): ArrayBufferView;
  readonly BYTES_PER_ELEMENT: number;
  readonly prototype: object;
};

function typedArrayKind(name: string): ViewKind {
  const viewClass = (globalThis as unknown as Record<string, TypedArrayClass | undefined>)[name];
  // Only Float16Array is younger than the oldest Node.js that is supported.
  const elementBytes = viewClass?.BYTES_PER_ELEMENT ?? 2;
  return {
    name,
    elementBytes,
    prototype: viewClass?.prototype,
    make: (buffer, byteOffset, byteLength) => new viewClass!(buffer, byteOffset, byteLength / elementBytes),
  };
}

/** All kinds of views, in the order of their numbers on the wire: only ever append. */
export const VIEW_KINDS: readonly ViewKind[] = [
  "Uint8Array",
  "Int8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
  "BigUint64Array",
  "Float16Array",
]
  .map(typedArrayKind)
  .concat(
    {
      name: "DataView",
      elementBytes: 1,
      prototype: DataView.prototype,
      make: (buffer, byteOffset, byteLength) => new DataView(buffer, byteOffset, byteLength),
    },
    {
      name: "Buffer",
      elementBytes: 1,
      prototype: Buffer.prototype,
      make: (buffer, byteOffset, byteLength) => Buffer.from(buffer, byteOffset, byteLength),
    },
  );

/** Number of the kind that needs no other word on the wire. */
export const UINT8_ARRAY_KIND = 0;

/** Number of the kind whose memory is often a pool that others use too. */
export const BUFFER_KIND: number = VIEW_KINDS.findIndex(({ name }) => name === "Buffer");

/** `offset` from `start` on, up to the next multiple of `alignment`. */
export function alignedFrom(start: number, offset: number, alignment: number): number {
  return start + Math.ceil((offset - start) / alignment) * alignment;
}
