/** What is sent, by name; a new value each time, as programs make them. */
export const VALUES = {
  "64 B": { make: () => new Uint8Array(64), messages: 400_000 },
  object: { make: (id) => ({ id, name: "hello", value: 1.5, flag: true }), messages: 400_000 },
  "4 KiB": { make: () => new Uint8Array(4_096), messages: 100_000 },
  "64 KiB": { make: () => new Uint8Array(65_536), messages: 8_000 },
};
