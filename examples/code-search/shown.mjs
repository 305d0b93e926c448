// Numbers as people read them.

/** @param {number} value */
export function count(value) {
  return Math.round(value).toLocaleString("en");
}

/** @param {number} bytes */
export function megabytes(bytes) {
  return `${count(bytes / 1e6)} MB`;
}

/** @param {number} share */
export function percent(share) {
  return `${Math.round(share * 100)} %`;
}
