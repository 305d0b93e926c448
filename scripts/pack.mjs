// Packs what is published, the package and this platform's binary, into a folder: node scripts/pack.mjs FOLDER
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { ROOT, isMain } from "./lib/paths.mjs";

/** Beside the `files` of package.json, and what npm adds by itself. */
const PACKAGE_FILES = ["README.md", "LICENSE"];

/** What only this repository needs. */
const PRIVATE_FIELDS = new Set(["private", "scripts", "devDependencies", "napi"]);

/**
 * Packs a built checkout: the paths of the tarballs in `folder`.
 */
export function pack(folder) {
  mkdirSync(folder, { recursive: true });
  const stage = mkdtempSync(join(tmpdir(), "klaw-pack-"));
  try {
    return [...binaryStages(stage), packageStage(stage)].map((from) => npmPack(from, folder));
  } finally {
    rmSync(stage, { recursive: true });
  }
}

function packageStage(stage) {
  const to = join(stage, "klaw-runtime");
  const manifest = readJson("package.json");
  // Folders whole: in the stage, npm picks what `files` says.
  const paths = [...manifest.files, ...PACKAGE_FILES].map((path) => path.split("/**")[0]);
  for (const path of new Set(paths)) cpSync(join(ROOT, path), join(to, path), { recursive: true });
  const { version } = manifest;
  const optionalDependencies = Object.fromEntries(
    platforms().map((platform) => [readJson(`npm/${platform}/package.json`).name, version]),
  );
  const published = Object.entries({ ...manifest, optionalDependencies });
  const fields = Object.fromEntries(published.filter(([field]) => !PRIVATE_FIELDS.has(field)));
  writeFileSync(join(to, "package.json"), JSON.stringify(fields, null, 2));
  return to;
}

/** Only platforms whose binary was built here. */
function binaryStages(stage) {
  return platforms().map((platform) => {
    const to = join(stage, platform);
    const { main } = readJson(`npm/${platform}/package.json`);
    cpSync(join(ROOT, "npm", platform), to, { recursive: true });
    cpSync(join(ROOT, main), join(to, main));
    return to;
  });
}

function npmPack(from, folder) {
  const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", resolve(folder)];
  const { status, stdout, stderr } = spawnSync("npm", args, { cwd: from, encoding: "utf8" });
  if (status !== 0) throw new Error(`npm pack failed in ${from}: ${stderr}`);
  return join(resolve(folder), JSON.parse(stdout)[0].filename);
}

const platforms = () => readdirSync(join(ROOT, "npm"));

const readJson = (path) => JSON.parse(readFileSync(join(ROOT, path), "utf8"));

if (isMain(import.meta)) {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) throw new Error("usage: node scripts/pack.mjs FOLDER");
  for (const tarball of pack(folder)) console.log(tarball);
}
