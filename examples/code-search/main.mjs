// Indexes code by many processes, searches it, and compares the index with that of one plain process: npm start -- --help
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { init } from "klaw-runtime";

import { startChaos } from "./chaos.mjs";
import { Coordinator } from "./coordinator.mjs";
import { hire } from "./crew.mjs";
import { readOptions } from "./options.mjs";
import { startProgress } from "./progress.mjs";
import { answer, askOnTerminal } from "./queries.mjs";
import { printResult, summary } from "./result.mjs";
import { Searchers } from "./searcher.mjs";
import { verify } from "./verify.mjs";

const options = readOptions();
const journals = mkdtempSync(join(tmpdir(), "code-search-"));
process.once("exit", () => rmSync(journals, { recursive: true, force: true }));
process.once("SIGINT", () => process.exit(130)).once("SIGTERM", () => process.exit(143));

const start = performance.now();
const runtime = await init();
const crew = await hire({ ...options, journals });
const coordinator = new Coordinator(crew);

const stopProgress = options.json ? () => {} : startProgress(crew, coordinator, process.stdout);
const chaos = options.chaos ? startChaos(crew) : undefined;
const files = await coordinator.run(options.directories, options.limitBytes);
const kills = (await chaos?.stop()) ?? 0;
await Promise.all(crew.shards.map((shard) => shard.ready()));
const seconds = (performance.now() - start) / 1_000;
stopProgress();

const searcher = await Searchers.create(crew.shards, files);
const answers = await Promise.all(options.query.map((query) => answer(searcher, query)));
const digests = await Promise.all(crew.shards.map((shard) => shard.digest()));
const verdict = options.verify
  ? await verify(
      crew.shards,
      digests.map(({ digest }) => digest),
      [...options.directories, "--limit-bytes", String(options.limitBytes)],
    )
  : undefined;

const result = summary({ counts: coordinator.counts, seconds, kills, digests, verdict, answers, options });
if (options.json) console.log(JSON.stringify(result));
else printResult(result);
if (options.interactive) await askOnTerminal(searcher);
await runtime.shutdown();
process.exitCode = result.identical === false ? 1 : 0;
