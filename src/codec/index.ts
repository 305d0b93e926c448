import { registerKlawErrors } from "./klaw-errors.ts";

export { Batch, decode, type BytesPolicy } from "./decode/batch.ts";
export { encode } from "./encode/encode.ts";
export { registerExportedErrors } from "./exported-errors.ts";
export {
  registerLike,
  registerReference,
  registerSerializer,
  type AnyClass,
  type SerializerOptions,
} from "./registry.ts";
export { Staging, type StagingOptions } from "./staging.ts";
export { CODEC_VERSION } from "./tags.ts";

registerKlawErrors();
