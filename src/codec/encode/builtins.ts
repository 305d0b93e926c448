import type { Staging } from "../staging.ts";
import { BOXED, DATE, REGEXP, URL_SEARCH_PARAMS, URL_TAG } from "../tags.ts";
import { intrinsicGetter, intrinsicMethod } from "./intrinsics.ts";
import { writeTag } from "./scalars.ts";
import { writeString } from "./text.ts";
import { writeValue } from "./value.ts";

const dateValue = intrinsicMethod<number>(Date.prototype.getTime);
const regExpSource = intrinsicGetter<string>(RegExp.prototype, "source");
const regExpFlags = intrinsicGetter<string>(RegExp.prototype, "flags");
const urlHref = intrinsicGetter<string>(URL.prototype, "href");
const searchParamsText = intrinsicMethod<string>(URLSearchParams.prototype.toString);

/** Writes a Date, an invalid one too. */
export function writeDate(staging: Staging, value: object): void {
  staging.room(9);
  const time = dateValue(value);
  staging.bytes[staging.position] = DATE;
  staging.view.setFloat64(staging.position + 1, time, true);
  staging.position += 9;
}

/** Writes a RegExp. As in structured clone, `lastIndex` starts over. */
export function writeRegExp(staging: Staging, value: object): void {
  const source = regExpSource(value);
  const flags = regExpFlags(value);
  writeTag(staging, REGEXP);
  writeString(staging, source);
  writeString(staging, flags);
}

/** Writes a URL. */
export function writeUrl(staging: Staging, value: object): void {
  const href = urlHref(value);
  writeTag(staging, URL_TAG);
  writeString(staging, href);
}

/** Writes a URLSearchParams; one that belongs to a URL arrives on its own. */
export function writeSearchParams(staging: Staging, value: object): void {
  const text = searchParamsText(value);
  writeTag(staging, URL_SEARCH_PARAMS);
  writeString(staging, text);
}

/** Writes `Object(primitive)`; `valueOf` is that of the primitive's class. */
export function boxedWriter(valueOf: (this: never) => unknown): (staging: Staging, value: object) => void {
  const unbox = intrinsicMethod(valueOf);
  return (staging, value) => {
    const primitive = unbox(value);
    writeTag(staging, BOXED);
    writeValue(staging, primitive);
  };
}
