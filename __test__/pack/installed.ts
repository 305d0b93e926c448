import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { directory } from "../helpers/session.ts";

const run = promisify(execFile);
const PACK = fileURLToPath(new URL("../../scripts/pack.mjs", import.meta.url));
export const ROOT: string = fileURLToPath(new URL("../..", import.meta.url));

/** An empty folder in which the packed tarballs were installed. */
export interface Installed {
  readonly folder: string;
  /** What a program prints, with nothing but node on the path. */
  readonly node: (...args: string[]) => Promise<string>;
}

export async function installed(): Promise<Installed> {
  const { stdout } = await run(process.execPath, [PACK, join(directory, "tarballs")]);
  const folder = join(directory, "project");
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "project", private: true }));
  await run("npm", ["install", "--offline", "--no-audit", "--no-fund", ...stdout.trim().split("\n")], {
    cwd: folder,
  });
  const env = { ...process.env, KLAW_DIR: join(directory, "sessions"), PATH: dirname(process.execPath) };
  const node = async (...args: string[]): Promise<string> =>
    (await run(process.execPath, args, { cwd: folder, env })).stdout;
  return { folder, node };
}
