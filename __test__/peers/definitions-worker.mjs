/**
 * Loads definitions, all at once, and calls each: definitions-worker.mjs identity... Says a line of JSON for each. What a call
 * throws goes through the codec.
 */
import { Staging, encode } from "../../dist/codec/index.js";
import { load } from "../../dist/definitions/index.js";

async function outcome(text) {
  const definition = await load(JSON.parse(text));
  const { value, kind } = definition;
  try {
    return { called: kind === "task" ? await value(3) : await new value(3).call() };
  } catch (thrown) {
    const staging = new Staging(new Uint8Array(64));
    const end = encode(thrown, staging);
    return { thrown: Buffer.from(staging.bytes.subarray(0, end)).toString("base64") };
  }
}

function said({ name, code, message, cause }) {
  return { name, code, message, ...(cause && { cause: said(cause) }) };
}

const outcomes = process.argv
  .slice(2)
  .map((text) => outcome(text).catch((error) => ({ error: said(error) })));
for (const each of await Promise.all(outcomes)) console.log(JSON.stringify(each));
process.exit(0);
