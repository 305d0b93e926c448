// Kills processes of the crew while they work.
import { setTimeout as sleep } from "node:timers/promises";

const EVERY_MS = 1_000;

/**
 * Kills a tokenizer and a shard, chosen by chance, at once, every second, and a last time when it is stopped, so that each
 * run has kills, however short it is.
 *
 * @param {import("./crew.mjs").Crew} crew
 */
export function startChaos(crew) {
  const end = new AbortController();
  let kills = 0;

  /** @param {{ vitals(): Promise<import("./vital.mjs").Vitals> }[]} actors */
  async function killOneOf(actors) {
    const chosen = actors[Math.floor(Math.random() * actors.length)];
    // Asked for each time: an actor that was killed lives on in another process.
    const pid = (await chosen?.vitals())?.pid;
    if (pid === undefined) return;
    process.kill(pid, "SIGKILL");
    kills += 1;
  }

  async function killUntilTheEnd() {
    for (;;) {
      await Promise.all([killOneOf(crew.tokenizers), killOneOf(crew.shards)]);
      if (end.signal.aborted) return kills;
      await sleep(EVERY_MS, undefined, { signal: end.signal }).catch(() => {});
    }
  }

  const killing = killUntilTheEnd();
  return {
    /** @returns {Promise<number>} How many processes were killed. */
    stop() {
      end.abort();
      return killing;
    },
  };
}
