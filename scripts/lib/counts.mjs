// Reads test counts off the output of `cargo test` and `node --test --test-reporter=tap`.

const CARGO_RESULT = /^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/;
const TAP_COUNT = /^# (pass|fail|skipped) (\d+)$/;
const TAP_NAMES = { pass: "passed", fail: "failed", skipped: "ignored" };

export const noCounts = () => ({ passed: 0, failed: 0, ignored: 0 });

/** Adds what one line of output reports; any other line adds nothing. */
export function addLine(counts, line) {
  const cargo = CARGO_RESULT.exec(line);
  if (cargo) {
    counts.passed += Number(cargo[1]);
    counts.failed += Number(cargo[2]);
    counts.ignored += Number(cargo[3]);
  }
  const tap = TAP_COUNT.exec(line);
  if (tap) counts[TAP_NAMES[tap[1]]] += Number(tap[2]);
}
