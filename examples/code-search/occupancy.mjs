// How busy the processes of each stage are.

/**
 * @typedef {object} Stage
 * @property {string} name
 * @property {number} processes
 * @property {number} busy CPUs that it kept busy since it was last looked at.
 * @property {number} memoryBytes
 *
 * @typedef {{ vitals(): Promise<import("./vital.mjs").Vitals> }} VitalHandle
 */

/**
 * @param {import("./crew.mjs").Crew} crew
 * @returns {() => Promise<Stage[]>} Looks at all stages.
 */
export function occupancy({ walker, tokenizers, shards }) {
  const looks = [stage("walk", [walker]), stage("tokenize", tokenizers), stage("index", shards)];
  return () => Promise.all(looks.map((look) => look()));
}

/**
 * @param {string} name
 * @param {VitalHandle[]} actors
 */
function stage(name, actors) {
  const looks = actors.map(usage);
  /** @returns {Promise<Stage>} */
  return async () => {
    const usages = await Promise.all(looks.map((look) => look()));
    const sum = (/** @type {"busy" | "memoryBytes"} */ field) =>
      usages.reduce((total, each) => total + each[field], 0);
    return { name, processes: actors.length, busy: sum("busy"), memoryBytes: sum("memoryBytes") };
  };
}

/** @param {VitalHandle} actor */
function usage(actor) {
  let before = { pid: 0, cpuMs: 0, atMs: performance.now() };
  return async () => {
    const { pid, cpuMs, memoryBytes } = await actor.vitals();
    const atMs = performance.now();
    // An actor that lives on in a new process counts from there.
    const usedMs = pid === before.pid ? cpuMs - before.cpuMs : cpuMs;
    const busy = Math.min(1, usedMs / (atMs - before.atMs));
    before = { pid, cpuMs, atMs };
    return { busy, memoryBytes };
  };
}
