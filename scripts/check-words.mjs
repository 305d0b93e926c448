// Fails when a file holds what must not be committed: node scripts/check-words.mjs
import { execFileSync } from "node:child_process";
import { lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { ROOT, isMain } from "./lib/paths.mjs";
import { reportProblems } from "./lib/report.mjs";

// No pattern matches its own source text, so this file needs no exception.
const RULES = [
  { pattern: /(?<![\w.}])\/(?:work|farm|root)\//, problem: "absolute path of one machine" },
  {
    pattern: /\/\/registry[.]|\bregistry(?:[.][\w-]+)+[.](?:com|dev|internal|io|net|org)\b/,
    problem: "registry host",
  },
  { pattern: /\b(?:static|index)[.]crates\b/, problem: "registry host" },
  { pattern: /(?<![\w.])deb[.][\w-]/, problem: "registry host" },
  {
    pattern: /\bFIX[M]E\b|\bX{3}\b/,
    problem: "unfinished work: finish it, or say in the docs what is missing",
  },
  { pattern: /\btodo!\(/, problem: "unfinished work: finish it, or return a typed error" },
  { pattern: /\bin a[ ]real system\b/i, problem: "this is the real system: do it, or state the limit" },
];

/** What `text` must not contain, a line each. */
export function wordProblems(path, text) {
  return text.split("\n").flatMap((line, index) =>
    RULES.flatMap(({ pattern, problem }) => {
      const match = pattern.exec(line);
      return match ? [`${path}:${index + 1}: "${match[0]}": ${problem}`] : [];
    }),
  );
}

/** Files that are tracked, or would be by `git add --all`. */
function candidateFiles() {
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const paths = execFileSync("git", args, { cwd: ROOT, encoding: "utf8", maxBuffer: Infinity }).split("\0");
  return [...new Set(paths)].filter((path) => path !== "" && isFile(join(ROOT, path)));
}

// A tracked file may have been deleted, and a link's target is checked under its own name.
function isFile(path) {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function problemsInFile(path) {
  const bytes = readFileSync(join(ROOT, path));
  return bytes.includes(0) ? [] : wordProblems(path, bytes.toString("utf8"));
}

if (isMain(import.meta)) reportProblems("words", candidateFiles().flatMap(problemsInFile));
