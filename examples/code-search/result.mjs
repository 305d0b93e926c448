// What a run ends with.
import { printAnswer } from "./queries.mjs";
import { count, megabytes } from "./shown.mjs";

/**
 * @param {object} run
 * @param {import("./coordinator.mjs").Counts} run.counts
 * @param {number} run.seconds From before `init` until every shard could be searched for every file.
 * @param {number} run.kills
 * @param {{ words: number, digest: string }[]} run.digests
 * @param {import("./verify.mjs").Verdict | undefined} run.verdict
 * @param {import("./queries.mjs").Answer[]} run.answers
 * @param {import("./options.mjs").Options} run.options
 */
export function summary({ counts, seconds, kills, digests, verdict, answers, options }) {
  return {
    files: counts.files,
    bytes: counts.bytes,
    words: counts.words,
    distinctWords: digests.reduce((sum, { words }) => sum + words, 0),
    tokenizers: options.tokenizers,
    shards: options.shards,
    seconds,
    kills,
    digests: digests.map(({ digest }) => digest),
    referenceSeconds: verdict?.reference.seconds,
    identical: verdict && verdict.difference === undefined,
    difference: verdict?.difference,
    answers,
  };
}

/** @param {ReturnType<typeof summary>} result */
export function printResult(result) {
  const { files, bytes, words, distinctWords, tokenizers, shards, seconds, kills } = result;
  console.log(
    `\n${count(files)} files, ${megabytes(bytes)}, ${count(words)} words, ${count(distinctWords)} different ones`,
  );
  const processes = `${tokenizers} tokenizers, ${shards} shards${kills > 0 ? `, ${kills} of them killed` : ""}`;
  console.log(`klaw-runtime       ${seconds.toFixed(1)} s: ${processes}`);
  if (result.referenceSeconds !== undefined) printComparison(result.referenceSeconds, result);
  for (const answer of result.answers) printAnswer(answer);
}

/**
 * @param {number} referenceSeconds
 * @param {ReturnType<typeof summary>} result
 */
function printComparison(referenceSeconds, { seconds, difference }) {
  const ratio = (referenceSeconds / seconds).toFixed(2);
  console.log(`one plain process  ${referenceSeconds.toFixed(1)} s: ${ratio} times as long`);
  console.log(
    difference === undefined ? "both indexes are the same, entry for entry" : `DIFFERENT: ${difference}`,
  );
}
