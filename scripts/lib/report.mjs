/** Seconds since `start`, a reading of `performance.now()`, as reports print them. */
export const secondsSince = (start) => ((performance.now() - start) / 1000).toFixed(1);

/** Prints what a check found and sets the exit status. */
export function reportProblems(check, problems) {
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) {
    console.error(`${check}: ${problems.length} found`);
    process.exitCode = 1;
  }
}
