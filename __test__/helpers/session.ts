import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Gives this test file a place of its own for sessions, so that it sees what it leaves and nothing else. To be imported before
 * anything of klaw-runtime is called.
 */
export const directory: string = mkdtempSync(join(tmpdir(), "klaw-test-"));
process.env.KLAW_DIR = directory;

/** What sessions of this file are there now. */
export function sessions(): string[] {
  return readdirSync(directory);
}

/** Segments of the session with this id. */
export function segments(sessionId: string): string[] {
  return readdirSync("/dev/shm").filter((name) => name.includes(sessionId));
}

process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
