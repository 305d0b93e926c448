import test from "ava";

import { Project } from "./project.ts";

/** Says the identity of the definition, or, given what it threw, what arrives of that. */
const DRIVER = `
  const [, , base64] = process.argv;
  if (!process.env.AS_WORKER && !base64) console.log(JSON.stringify(fails));
  const tell = (error) => console.log(JSON.stringify({
    restored: error instanceof LimitError, name: error.name, limit: error.limit,
  }));
  if (!process.env.AS_WORKER && base64) thrown(base64).then(tell);
`;

async function arrives(project: Project, main: string): Promise<unknown> {
  const [{ thrown }] = (await project.work(await project.drive(main))) as [{ thrown: string }];
  const [arrived] = await project.drive(main, thrown);
  return arrived;
}

const MODULE = `
  import { task } from "face";
  export const fails = task(async function fails(limit) { throw new LimitError(limit); });
  export class LimitError extends Error { constructor(limit) { super("at the limit"); this.limit = limit; } }
`;

const RESTORED = { restored: true, name: "Error", limit: 3 };

test("of an ES module", async (t) => {
  using project = new Project({
    "limits.mjs": MODULE,
    "main.mjs": `import { thrown } from "face"; import { fails, LimitError } from "./limits.mjs"; ${DRIVER}`,
  });
  t.deepEqual(await arrives(project, "main.mjs"), RESTORED);
});

test("of a CommonJS module", async (t) => {
  using project = new Project({
    "limits.cjs": `
      const { task } = require("./face.cjs");
      exports.fails = task(async function fails(limit) { throw new exports.LimitError(limit); });
      exports.LimitError = class LimitError extends Error { constructor(limit) { super("m"); this.limit = limit; } };
    `,
    "main.cjs": `const { thrown } = require("./face.cjs"); const { fails, LimitError } = require("./limits.cjs"); ${DRIVER}`,
    "face.cjs": `process.removeAllListeners("warning"); module.exports = require("face");`,
  });
  t.deepEqual(await arrives(project, "main.cjs"), RESTORED);
});

test("of a main file, if it ends; else by name", async (t) => {
  const main = MODULE.replace("{ task }", "{ task, init, thrown }");
  using project = new Project({
    "ends.mjs": `${main} ${DRIVER}`,
    "waits.mjs": `${main} await init(); ${DRIVER.replace("thrown(", "await thrown(")}`,
  });
  t.deepEqual(await arrives(project, "ends.mjs"), RESTORED);
  t.deepEqual(await arrives(project, "waits.mjs"), { ...RESTORED, restored: false, name: "LimitError" });
});
