/** Containers inside containers, in either direction: deep enough for data, shallow enough for the stack. */
export const MAX_DEPTH = 1_000;

/** Objects in one message: what a Map, which both sides may need to tell them apart, can hold. */
export const MAX_OBJECTS = 16_777_216;

/** Bytes of one message: what a record's length field can say. */
export const MAX_PAYLOAD_BYTES = 0xffff_ffff;

/** Typed arrays and buffers from here on stand behind the structured part. */
export const OUT_OF_BAND_BYTES = 4_096;

/** Where bytes out of band begin, counted from the start of the payload: a cache line, and any element's size. */
export const OUT_OF_BAND_ALIGNMENT = 64;

/** Where inline elements begin, counted from the start of the payload: the largest element. */
export const INLINE_ALIGNMENT = 8;

/** Byte values of a batch share copies of at most this size, so a small one kept for long keeps little else. */
export const SHARED_COPY_BYTES = 16_384;
