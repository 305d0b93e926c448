// Shows what the crew is doing: on a terminal in place, elsewhere line by line.
import { occupancy } from "./occupancy.mjs";
import { count, megabytes, percent } from "./shown.mjs";

const EVERY_MS = { terminal: 250, lines: 1_000 };
const BAR_WIDTH = 20;

/**
 * Shows progress until it is stopped.
 *
 * @param {import("./crew.mjs").Crew} crew
 * @param {import("./coordinator.mjs").Coordinator} coordinator
 * @param {import("node:tty").WriteStream} output
 */
export function startProgress(crew, coordinator, output) {
  const look = occupancy(crew);
  const speed = speedometer();
  const draw = output.isTTY ? inPlace(output) : lineByLine(output);
  let looking = false;

  async function show() {
    // Those who are asked are at work: their answers may take longer than the time between two looks.
    if (looking) return;
    looking = true;
    const [stages, sent] = await Promise.all([look(), crew.walker.sent()]);
    looking = false;
    if (stopped) return;
    const memoryBytes = stages.reduce((sum, stage) => sum + stage.memoryBytes, 0);
    const facts = [
      speed(coordinator.counts),
      `channel ${Math.max(0, sent - coordinator.counts.received)}`,
      `memory ${megabytes(memoryBytes)}`,
    ];
    draw(facts.join(" · "), stages);
  }

  let stopped = false;
  const timer = setInterval(() => void show(), output.isTTY ? EVERY_MS.terminal : EVERY_MS.lines);
  return () => {
    stopped = true;
    clearInterval(timer);
  };
}

function speedometer() {
  const startMs = performance.now();
  let before = { ms: startMs, files: 0, bytes: 0 };
  return (/** @type {import("./coordinator.mjs").Counts} */ { files, bytes }) => {
    const ms = performance.now();
    const seconds = (ms - before.ms) / 1_000;
    const rates = `${count((files - before.files) / seconds)} files/s · ${megabytes((bytes - before.bytes) / seconds)}/s`;
    before = { ms, files, bytes };
    return `${((ms - startMs) / 1_000).toFixed(1)} s · ${count(files)} files · ${rates}`;
  };
}

/** @typedef {(facts: string, stages: import("./occupancy.mjs").Stage[]) => void} Draw */

/**
 * @param {import("node:tty").WriteStream} output
 * @returns {Draw}
 */
function lineByLine(output) {
  return (facts, stages) => {
    const busy = stages.map((stage) => `${stage.name} ${percent(stage.busy / stage.processes)}`);
    output.write(`${[facts, ...busy].join(" · ")}\n`);
  };
}

/**
 * @param {import("node:tty").WriteStream} output
 * @returns {Draw}
 */
function inPlace(output) {
  let drawn = 0;
  return (facts, stages) => {
    const lines = [facts, ...stages.map(bar)].map((line) => `\u001B[2K${line}\n`);
    output.write(`${drawn > 0 ? `\u001B[${drawn}A` : ""}${lines.join("")}`);
    drawn = lines.length;
  };
}

/** @param {import("./occupancy.mjs").Stage} stage */
function bar({ name, processes, busy }) {
  const share = busy / processes;
  const filled = Math.round(BAR_WIDTH * share);
  const busyOf = `${percent(share).padStart(5)} of ${processes} CPU`;
  return `  ${name.padEnd(8)} ${"█".repeat(filled).padEnd(BAR_WIDTH, "░")} ${busyOf}`;
}
