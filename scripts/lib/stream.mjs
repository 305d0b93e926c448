import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";

import { ROOT } from "./paths.mjs";

const DRAIN_MS = 5000;

/**
 * Runs a command in the repository, passes its output on as it comes, and hands each line of stdout to `onLine`.
 * Resolves to `null` when the command succeeded, otherwise to what went wrong.
 */
export async function stream({ command, args, env = {} }, onLine) {
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  child.stdout.pipe(process.stdout, { end: false });
  createInterface({ input: child.stdout }).on("line", onLine);

  const closed = new Promise((resolve) => child.once("close", () => resolve(null)));
  const ended = await new Promise((resolve) => {
    child.once("error", (error) => resolve(`could not start ${command}: ${error.message}`));
    child.once("exit", (code, signal) => resolve(exitProblem(code, signal)));
  });
  return ended ?? (await Promise.race([closed, outlived(child.stdout)]));
}

function exitProblem(code, signal) {
  if (signal) return `killed by ${signal}`;
  return code === 0 ? null : `exit code ${code}`;
}

// A test that leaves a process behind would otherwise hold the pipe, and this run, open for ever.
async function outlived(pipe) {
  await delay(DRAIN_MS, undefined, { ref: false });
  pipe.destroy();
  return "ended, but a process that it started is still running";
}
