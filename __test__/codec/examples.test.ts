import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import test from "ava";

const SOURCE = fileURLToPath(new URL("../../src/", import.meta.url));
const FOLDERS = ["codec", "errors", "schema"];

interface Example {
  readonly file: string;
  readonly code: string;
}

function examples(): Example[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(SOURCE, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .toSorted()
      .flatMap((name) => examplesIn(join(folder, name))),
  );
}

function examplesIn(file: string): Example[] {
  const text = readFileSync(join(SOURCE, file), "utf8");
  return [...text.matchAll(/^ \*? *```ts\n([^]*?)^ *\*? *```$/gm)].map(([, block]) => ({
    file,
    code: block!.replaceAll(/^ *\* ?/gm, ""),
  }));
}

/** `expression; // value` and `expression; // throws Name: …` become checks. */
function checked(code: string): string {
  return code.replaceAll(
    /^(?!\s*(?:const|let)\b)(.+); \/\/ (.+)$/gm,
    (_, expression: string, said: string) => {
      const failure = /^throws (\w+)(?:: (.+))?$/.exec(said);
      if (failure === null) return `check(${expression}, ${said});`;
      return `checkThrows(() => ${expression}, ${JSON.stringify(failure[1])}, ${JSON.stringify(failure[2] ?? "")});`;
    },
  );
}

const PRELUDE = `
import { deepStrictEqual, throws } from "node:assert/strict";
${FOLDERS.map((folder) => `import * as ${folder} from ${JSON.stringify(join(SOURCE, folder, "index.ts"))};`).join("\n")}
const { Batch, Staging, decode, encode, registerReference, registerSerializer } = codec;
const { ChannelClosedError, KlawError, SerializationError, errorFromNative } = errors;
const { validate } = schema;
let checks = 0;
const check = (actual: unknown, expected: unknown) => { checks++; deepStrictEqual(actual, expected) };
const checkThrows = (run: () => unknown, name: string, message: string) => {
  checks++;
  throws(run, (error: Error) => error.name === name && error.message.includes(message));
};
export default () => checks;
`;

test("the examples in the documentation do what they say", async (t) => {
  const folder = mkdtempSync(join(SOURCE, "../__test__/codec/examples-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const found = examples();
  t.true(found.length >= 8, `${found.length} examples found`);
  let checks = 0;
  for (const [i, { file, code }] of found.entries()) {
    const path = join(folder, `example${i}.ts`);
    writeFileSync(path, `${PRELUDE}\n${checked(code)}`);
    try {
      const { default: checksOf } = (await import(path)) as { default: () => number };
      checks += checksOf();
    } catch (error) {
      t.fail(`${file}: ${String(error)}`);
    }
  }
  t.true(checks >= 10, `${checks} checks made`);
});
