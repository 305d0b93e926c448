// What every actor of this program says of its process.

/**
 * @typedef {object} Vitals
 * @property {number} pid
 * @property {number} cpuMs Time on a CPU since the process started.
 * @property {number} memoryBytes
 */

export class Vital {
  /** @returns {Vitals} */
  vitals() {
    const { user, system } = process.cpuUsage();
    return { pid: process.pid, cpuMs: (user + system) / 1_000, memoryBytes: process.memoryUsage.rss() };
  }
}
