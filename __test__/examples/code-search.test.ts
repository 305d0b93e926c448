import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import test from "ava";

const EXAMPLE = fileURLToPath(new URL("../../examples/code-search/", import.meta.url));
/** Ends a hang. A run takes a second or two. */
const TIMEOUT_MS = 90_000;

interface Result {
  files: number;
  words: number;
  kills: number;
  identical: boolean;
  difference?: string;
  answers: { files: number; hits: { path: string; line: number; text: string }[] }[];
}

const directory = mkdtempSync(join(tmpdir(), "klaw-test-"));
const sources = join(directory, "sources");
const temporary = join(directory, "temporary");
test.after.always(() => rmSync(directory, { recursive: true, force: true }));

const TEXTS = new Map([
  ["a/fox.txt", "one\nThe quick brown fox jumps\nover the lazy dog\n"],
  ["a/dog.txt", "brown dog, quick fox"],
  ["b/großes.md", "Übergröße ist GROẞ, größer als groß"],
  ["b/data.txt", `${"f".repeat(65)} short`],
]);
for (let n = 0; n < 400; n++)
  TEXTS.set(`many/${n % 20}/${n}.js`, `export const n${n} = ${n}; // fox ${n % 7}\n`);

test.before(() => {
  mkdirSync(temporary);
  for (const [path, text] of TEXTS) write(path, text);
  write("b/binary", "fox\0fox");
  write("b/huge.txt", "fox ".repeat(300_000));
});

function write(path: string, text: string): void {
  mkdirSync(join(sources, path, ".."), { recursive: true });
  writeFileSync(join(sources, path), text);
}

async function run(program: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(EXAMPLE, program), sources, ...args], {
    env: { ...process.env, TMPDIR: temporary, KLAW_DIR: join(directory, "sessions") },
    timeout: TIMEOUT_MS,
    killSignal: "SIGKILL",
    maxBuffer: 1 << 28,
  });
  return stdout;
}

async function search(...args: string[]): Promise<Result> {
  return JSON.parse(await run("main.mjs", "--json", ...args)) as Result;
}

test.serial("indexes, compares with one plain process, and answers queries", async (t) => {
  const queries = ['"quick brown fox"', "quick fox", "nowhere", "größer"];
  const result = await search(...queries.flatMap((query) => ["--query", query]));
  t.true(result.identical, result.difference);
  // The binary file counts and has no words; the huge one is left out.
  t.is(result.files, TEXTS.size + 1);
  const [phrase, words, nowhere, umlaut] = result.answers;
  t.like(phrase, { files: 1, hits: [{ path: join(sources, "a/fox.txt"), line: 2 }] });
  t.is(phrase?.hits[0]?.text, "The quick brown fox jumps");
  t.is(words?.files, TEXTS.size - 2);
  t.deepEqual(
    words?.hits.slice(0, 2).map(({ path }) => path),
    [join(sources, "a/dog.txt"), join(sources, "a/fox.txt")],
  );
  t.is(nowhere?.files, 0);
  t.is(umlaut?.hits[0]?.path, join(sources, "b/großes.md"));
  t.deepEqual(readdirSync(temporary), []);
});

test.serial("the index is the same when tokenizers and shards are killed", async (t) => {
  const result = await search(
    "--chaos",
    "--tokenizers",
    "3",
    "--shards",
    "3",
    "--query",
    '"quick brown fox"',
  );
  t.true(result.identical, result.difference);
  t.true(result.kills >= 2);
  t.is(result.answers[0]?.files, 1);
  t.deepEqual(readdirSync(temporary), []);
});

test.serial("elsewhere than on a terminal progress is plain lines", async (t) => {
  const output = await run("main.mjs");
  t.false(output.includes("\u001B"));
  t.regex(output, /both indexes are the same, entry for entry/);
});

test("the reference has the entries that a simple program finds", async (t) => {
  const entries = (await run("reference.mjs", "--entries", "0")).trimEnd().split("\n");
  const paths = [...TEXTS.keys(), "b/binary"].toSorted(byParts);
  const expected = paths.flatMap((path, file) => {
    const words = (TEXTS.get(path) ?? "").toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];
    return [...new Set(words)]
      .filter((word) => word.length <= 64)
      .map((word) => `${word} ${file} ${words.flatMap((other, at) => (other === word ? [at] : [])).join()}`);
  });
  t.deepEqual(entries.toSorted(), expected.toSorted());
});

/** A directory's entries by name, one directory after the other. */
function byParts(a: string, b: string): number {
  const [x, y] = [a.split("/"), b.split("/")];
  const at = x.findIndex((part, index) => part !== y[index]);
  return x[at]! < y[at]! ? -1 : 1;
}

test("a difference is told by its first entry", async (t) => {
  const module = join(EXAMPLE, "verify.mjs");
  const { firstDifference } = (await import(module)) as {
    firstDifference(ours: AsyncIterable<string>, theirs: AsyncIterable<string>): Promise<string | undefined>;
  };
  const difference = (ours: string[], theirs: string[]): Promise<string | undefined> =>
    firstDifference(each(ours), each(theirs));
  t.is(await difference(["a 1 2", "b 1 3"], ["a 1 2", "b 1 3"]), undefined);
  t.is(await difference(["a 1 2", "b 1 3"], ["a 1 2", "b 1 4"]), 'has "b 1 3", expected "b 1 4"');
  t.is(await difference(["a 1 2", "b 1 3"], ["a 1 2"]), 'has "b 1 3", expected "no more"');
  t.is(await difference(["a 1 2"], ["a 1 2", "b 1 4"]), 'ends, expected "b 1 4"');
});

async function* each(values: string[]): AsyncGenerator<string> {
  yield* values;
}
