/** What programs of the definition tests import instead of the package, whose actors need more than definitions. */
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
