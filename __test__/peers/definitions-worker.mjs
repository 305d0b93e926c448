/** Loads definitions, all at once, and calls each: definitions-worker.mjs identity... Says a line of JSON for each. */
import { load } from "../../dist/definitions/index.js";

async function outcome(text) {
  const { value, kind } = await load(JSON.parse(text));
  return { called: kind === "task" ? await value(3) : await new value(3).call() };
}

function said({ name, code, message, cause }) {
  return { name, code, message, ...(cause && { cause: said(cause) }) };
}

const outcomes = process.argv
  .slice(2)
  .map((text) => outcome(text).catch((error) => ({ error: said(error) })));
for (const each of await Promise.all(outcomes)) console.log(JSON.stringify(each));
process.exit(0);
