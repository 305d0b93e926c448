/** The middle value. */
export function median(values) {
  return quantile(values, 0.5);
}

/** The value below which a share of `q` of all lies. */
export function quantile(values, q) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}
