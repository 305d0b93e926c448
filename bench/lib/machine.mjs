import { execFileSync } from "node:child_process";
import { cpus, loadavg, release } from "node:os";

/** Facts that a figure means nothing without. */
export function machine() {
  const [cpu] = cpus();
  const rustc = execFileSync("rustc", ["--version"], { encoding: "utf8" }).trim();
  return [
    `${cpus().length} x ${cpu.model}, Linux ${release()}, Node.js ${process.version}, ${rustc}`,
    `${new Date().toISOString().slice(0, 10)}, load ${loadavg()[0].toFixed(2)} before the first row`,
  ];
}
