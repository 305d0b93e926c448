// The same index by one plain process: node reference.mjs [directory …]
import { parseArgs } from "node:util";

import { findFiles, readText } from "./files.mjs";
import { InvertedIndex } from "./inverted-index.mjs";
import { positionsOf, shardOf, wordsOf } from "./words.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    shards: { type: "string", default: "1" },
    "limit-bytes": { type: "string", default: "Infinity" },
    // Prints the entries of this shard instead.
    entries: { type: "string" },
  },
});

const shards = Array.from({ length: Number(values.shards) }, () => new InvertedIndex());
const counts = { files: 0, bytes: 0, words: 0 };

for (const { id, path, bytes } of findFiles(positionals, Number(values["limit-bytes"]))) {
  const words = wordsOf(readText(path));
  for (const [word, positions] of positionsOf(words)) {
    shards[shardOf(word, shards.length)]?.add(word, id, positions);
  }
  counts.files += 1;
  counts.bytes += bytes;
  counts.words += words.length;
}
const seconds = performance.now() / 1_000;

const printed = shards[Number(values.entries)];
if (printed === undefined) {
  const digests = shards.map((index) => index.digest());
  console.log(JSON.stringify({ seconds, ...counts, digests }));
} else {
  for (const line of printed.lines(0, printed.size)) console.log(line);
}
