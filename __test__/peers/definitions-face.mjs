/** What programs of the definition tests import instead of the package, whose actors need more than definitions. */
import { decode } from "../../dist/codec/index.js";
import { callingScript, define, reachedInit } from "../../dist/definitions/index.js";

export function actor(Class, options = {}) {
  return define("actor", Class, options, actor);
}

export function task(f, options = {}) {
  return define("task", f, options, task);
}

export function init() {
  if (process.env.AS_WORKER === undefined) return Promise.resolve();
  reachedInit(callingScript(init));
  return new Promise(() => {});
}

/** What a worker threw, as the caller gets it. */
export async function thrown(base64) {
  // No worker answers in the turn in which it is asked.
  for (let turn = 0; turn < 100; turn++) await new Promise((next) => setImmediate(next));
  const bytes = new Uint8Array(Buffer.from(base64, "base64"));
  return decode(bytes, 0, bytes.length, []);
}
