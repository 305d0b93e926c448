/** What is looked at of V8's call sites. */
type CallSite = Pick<NodeJS.CallSite, "getFileName" | "isEval">;

/**
 * The script that called `caller`, as V8 knows it: a `file:` URL for an ES module, a path for a CommonJS one, anything for the
 * rest. Undefined for evaluated code.
 *
 * Source maps and users' own formats change what `stack` says, but not its call sites; `util.getCallSites` is not in every
 * supported Node.js.
 */
export function callingScript(caller: Function): string | undefined {
  for (const site of callSites(caller)) {
    if (site.isEval()) return undefined;
    const script = site.getFileName();
    // Built-in functions on the way, as in `classes.map(actor)`, have none.
    if (script) return script;
  }
  return undefined;
}

function callSites(caller: Function): readonly CallSite[] {
  const { prepareStackTrace } = Error;
  try {
    Error.prepareStackTrace = (_error, sites) => sites;
    const holder: { stack?: readonly CallSite[] } = {};
    Error.captureStackTrace(holder, caller);
    return holder.stack ?? [];
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
}
