import { directory, segments, sessions } from "../helpers/session.ts";
import { startPlainWorkers } from "../helpers/plain-workers.ts";

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import test from "ava";
import { ActorDiedError, WorkerCrashedError, init, kill, terminate } from "klaw-runtime";

import { Ledgers, SerialLedgers, entry, relay } from "../actors-under-test/ledger.mjs";
import { isAlive, processesWith } from "../helpers/processes.ts";

const KILLS = process.env.KLAW_LONG === undefined ? 60 : 2_000;
/** Callers of each kind. */
const CALLERS = 3;

const file = join(directory, "entries");

function pick<T>(from: readonly T[]): T | undefined {
  return from[Math.floor(Math.random() * from.length)];
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It was faster.
  }
}

/** Tasks have settled: their workers are killed most often before they can do anything. */
const settled = { tasks: 0 };

/** Resolves when something got done, or nothing for a while. */
async function progress(): Promise<void> {
  const [before, end] = [settled.tasks, performance.now() + 300];
  while (settled.tasks === before && performance.now() < end) await delay(5);
}

/** Kills workers at random, idle ones and those at work, starting and ending ones; some are stopped before. */
async function blow(): Promise<number> {
  let kills = 0;
  while (kills < KILLS) {
    await progress();
    await delay(Math.random() * 40);
    const victim = pick(processesWith(directory));
    if (victim === undefined) continue;
    if (Math.random() < 0.3) {
      signal(victim, "SIGSTOP");
      await delay(Math.random() * 30);
      // A stopped one is slow: it goes on, or is dead.
      if (Math.random() < 0.5) {
        signal(victim, "SIGCONT");
        continue;
      }
    }
    signal(victim, "SIGKILL");
    kills++;
  }
  return kills;
}

/** What became of the calls of one kind, by the lines that they were to enter. */
class Outcomes {
  readonly resolved: string[] = [];
  readonly failed: string[] = [];
  /** Those that never started, as their errors say. */
  readonly unstarted: string[] = [];
  readonly unexpected: unknown[] = [];
  readonly areTasks: boolean;

  constructor(kind: string) {
    this.areTasks = kind.startsWith("tasks");
  }

  async settle(line: string, call: Promise<unknown>): Promise<void> {
    try {
      if ((await call) !== line) this.unexpected.push(`another answer than ${line}`);
      this.resolved.push(line);
    } catch (error) {
      this.failed.push(line);
      if (!(error instanceof ActorDiedError) && !(error instanceof WorkerCrashedError))
        this.unexpected.push(error);
      if (error instanceof ActorDiedError && !error.mayHaveRun) this.unstarted.push(line);
    }
  }
}

let lines = 0;

/** Calls one after the other, until it is over. */
async function caller(
  over: () => boolean,
  outcomes: Outcomes,
  call: (line: string) => Promise<unknown>,
): Promise<void> {
  while (!over()) {
    const line = `${lines++}`;
    await outcomes.settle(line, call(line));
    if (outcomes.areTasks) settled.tasks++;
  }
}

/** How often each line was entered. */
function entries(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of readFileSync(file, "utf8").split("\n")) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}

test("a storm of kills: every call settles, and nothing runs twice that was not to", async (t) => {
  t.timeout(3_600_000);
  writeFileSync(file, "");
  startPlainWorkers();
  const runtime = await init({ numCpus: 4 });
  const lasting = { maxRestarts: -1 };
  const [once, serial, retrying] = await Promise.all([
    Ledgers.options(lasting).create(file),
    SerialLedgers.options(lasting).create(file),
    Ledgers.options({ ...lasting, maxTaskRetries: -1 }).create(file),
  ]);
  const kinds = {
    "tasks, once": (line: string) => entry.options({ maxRetries: 0 })(file, line),
    "tasks, again": (line: string) => entry.options({ maxRetries: -1 })(file, line),
    "actor, once": (line: string) => pick([once.enter, once.enterSlowly])!(line),
    "serial actor, once": (line: string) => serial.enterSlowly(line),
    "actor, again": (line: string) => retrying.enterSlowly(line),
    "tasks that call, once": (line: string) => relay.options({ maxRetries: 0 })(once, file, line),
    "actors that come and go": async (line: string) => {
      const ledger = await Ledgers.create(file);
      const answer = await ledger.enter(line);
      await pick([kill, terminate])!(ledger);
      return answer;
    },
  };
  let isOver = false;
  const outcomes = new Map(Object.keys(kinds).map((kind) => [kind, new Outcomes(kind)]));
  const callers = Object.entries(kinds).flatMap(([kind, call]) =>
    // New actors take the workers that tasks have warmed up, so that several who make some leave nothing to tasks.
    Array.from({ length: kind.startsWith("actors that") ? 1 : CALLERS }, () =>
      caller(() => isOver, outcomes.get(kind)!, call),
    ),
  );
  const kills = await blow();
  isOver = true;
  for (const pid of processesWith(directory)) signal(pid, "SIGCONT");
  await Promise.all(callers);

  const entered = entries();
  const times = (line: string): number => entered.get(line) ?? 0;
  for (const [kind, { resolved, failed, unstarted, unexpected }] of outcomes) {
    t.log(
      `${kind}: ${resolved.length} done, ${failed.length} failed, ${unstarted.length} of them never started`,
    );
    t.deepEqual(unexpected, [], kind);
    t.true(resolved.length > 0, kind);
    t.deepEqual(
      unstarted.filter((line) => times(line) + times(`${line}a`) > 0),
      [],
      `${kind}: it had run`,
    );
    if (kind.endsWith("again")) {
      t.deepEqual(failed, [], kind);
      t.deepEqual(
        resolved.filter((line) => times(line) === 0),
        [],
        `${kind}: it had not run`,
      );
    } else {
      const names = kind.startsWith("tasks that call") ? ["a", "b"] : [""];
      const lost = resolved.filter((line) => names.some((name) => times(line + name) !== 1));
      t.deepEqual(lost, [], `${kind}: it did not run once`);
      const twice = failed.filter((line) => names.some((name) => times(line + name) > 1));
      t.deepEqual(twice, [], `${kind}: it ran twice`);
    }
  }
  t.log(`${kills} kills`);
  const pids = processesWith(directory);
  await runtime.shutdown();
  t.deepEqual(pids.filter(isAlive), []);
  t.deepEqual([sessions(), segments(runtime.sessionId)], [["entries"], []]);
});
