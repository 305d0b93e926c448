/** A bare process that answers once. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const SELF = fileURLToPath(import.meta.url);

export async function starts() {
  return { start, stop: () => Promise.resolve() };
}

async function start() {
  const begin = performance.now();
  const child = fork(SELF, ["child"], { serialization: "advanced" });
  await once(child, "message");
  const took = performance.now() - begin;
  child.kill("SIGKILL");
  await once(child, "exit");
  return took;
}

if (process.argv[2] === "child") process.send(2);
