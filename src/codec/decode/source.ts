/** Bytes, in the forms in which they are read. */
export interface Source {
  /** Always of this one class, whatever was given: the engine reads that faster. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** For strings. */
  readonly text: Buffer;
}

const sources = new WeakMap<Uint8Array, Source>();

/** The source that reads `bytes`; a receive buffer, which is used again and again, has one for good. */
export function sourceOf(bytes: Uint8Array): Source {
  const known = sources.get(bytes);
  if (known !== undefined) return known;
  const { buffer, byteOffset, byteLength } = bytes;
  const source: Source = {
    bytes: new Uint8Array(buffer, byteOffset, byteLength),
    view: new DataView(buffer, byteOffset, byteLength),
    text: Buffer.from(buffer, byteOffset, byteLength),
  };
  sources.set(bytes, source);
  return source;
}

/** Nothing to read. */
export const NO_SOURCE: Source = sourceOf(new Uint8Array(0));
