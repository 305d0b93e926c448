/**
 * The first byte of every encoded value. `docs/design/codec.md` says byte for byte what follows each; a change here is
 * a change of the protocol.
 */

/** 0x00 to 0x7f are the integers 0 to 127. */
export const FIX_INT_MAX = 0x7f;
/** 0x80 to 0x9f are strings of 0 to 31 code units below 0x100. */
export const FIX_LATIN1 = 0x80;
export const FIX_LATIN1_MAX_LENGTH = 0x1f;
/** 0xa0 to 0xaf are arrays of 0 to 15 elements. */
export const FIX_ARRAY = 0xa0;
export const FIX_ARRAY_MAX_LENGTH = 0x0f;

export const NULL = 0xb0;
export const UNDEFINED = 0xb1;
export const FALSE = 0xb2;
export const TRUE = 0xb3;
export const INT8 = 0xb4;
export const INT16 = 0xb5;
export const INT32 = 0xb6;
export const FLOAT64 = 0xb7;
export const BIGINT64 = 0xb8;
export const BIGINT = 0xb9;

export const LATIN1 = 0xba;
export const UTF8 = 0xbb;
export const UTF16 = 0xbc;

export const ARRAY = 0xbd;
export const KEYED_ARRAY = 0xbe;

export const SHAPED_OBJECT = 0xc0;
export const KNOWN_SHAPE_OBJECT = 0xc1;
export const OBJECT = 0xc2;
export const NULL_PROTOTYPE_OBJECT = 0xc3;
export const BACK_REFERENCE = 0xc4;

export const MAP = 0xc5;
export const SET = 0xc6;
export const DATE = 0xc7;
export const REGEXP = 0xc8;
export const BOXED = 0xc9;
export const URL_TAG = 0xca;
export const URL_SEARCH_PARAMS = 0xcb;

export const UINT8_ARRAY = 0xd0;
export const VIEW = 0xd1;
export const VIEW_OUT_OF_BAND = 0xd2;
export const VIEW_OF_BUFFER = 0xd3;
export const ARRAY_BUFFER = 0xd4;
export const ARRAY_BUFFER_OUT_OF_BAND = 0xd5;

export const ERROR = 0xd8;
export const INSTANCE = 0xd9;
export const CONVERTED_INSTANCE = 0xda;
export const REFERENCE = 0xdb;

/** Version of the format; members of a session agree on it when they join. */
export const CODEC_VERSION = 1;
