import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import test, { type ExecutionContext } from "ava";

import { define, type Definition, type DefinitionKind } from "../../src/definitions/index.ts";
import { InvalidArgumentError, KlawError } from "../../src/errors/index.ts";

const folder = mkdtempSync(join(tmpdir(), "klaw-define-"));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
/** A file of its own for a test. */
function file(extension = "mjs"): { path: string; url: string } {
  files += 1;
  const path = join(folder, `${files}.${extension}`);
  writeFileSync(path, `// ${files}`);
  return { path, url: pathToFileURL(path).href };
}

function defined(value: unknown, module: string, name?: string, kind: DefinitionKind = "task"): Definition {
  return define(kind, value as Function, { name, module }, defined);
}

/** Made of this text; another one each time. */
function evaluated(text: string): Function {
  return new Function(`return ${text}`)() as Function;
}

function f(): void {}

function theirs(): string {
  return "theirs";
}

function refused(t: ExecutionContext, code: string, how: () => unknown): KlawError {
  const error = t.throws(how, { instanceOf: KlawError, code })!;
  t.true(error.message.length > 40, error.message);
  return error;
}

test("the name: given, else its own, else its number among those without", (t) => {
  const { url } = file();
  const names = [
    defined(() => 1, url).name,
    defined(function own() {}, url).name,
    defined(function own() {}, url, "given").name,
    defined(() => 1, url).name,
    defined(class {}, url, undefined, "actor").name,
    defined(class Own {}, url, undefined, "actor").name,
  ];
  t.deepEqual(names, ["#1", "own", "given", "#2", "#3", "Own"]);
});

test("a class may have a static member called name", (t) => {
  t.is(defined(evaluated("class { static name() {} }"), file().url, undefined, "actor").name, "#1");
});

test("the module: a file, without what loaders add; by URL or path", (t) => {
  const { path, url } = file();
  t.is(defined(f, url).module, url);
  t.is(defined(f, `${url}?v=1#top`).module, url);
  t.is(defined(f, path).module, url);
  t.is(defined(f, `${path}?v=1`).module, url);
  t.is(defined(f, file("odd?.mjs").path).module, pathToFileURL(join(folder, `${files}.odd?.mjs`)).href);
});

test("what workers can't import is refused", (t) => {
  for (const module of ["data:text/javascript,1", "node:fs", "main.js", pathToFileURL("/no/where.js").href]) {
    const error = refused(t, "ERR_KLAW_DEFINITION_NO_MODULE", () => defined(() => 1, module));
    t.true(error.message.includes(module));
  }
  t.throws(() => defined(() => 1, ""), { instanceOf: InvalidArgumentError });
  t.throws(() => defined(() => 1, file().url, 5 as never), { instanceOf: InvalidArgumentError });
});

test("what is evaluated has no module", (t) => {
  const run = (value: Function): Definition => define("task", value, {}, run);
  const caller = evaluated("(run) => run(() => 1)");
  refused(t, "ERR_KLAW_DEFINITION_NO_MODULE", () => caller(run));
});

test("the same again is no error, and the latest counts", (t) => {
  const { path, url } = file();
  t.is(defined(f, url).value, f);
  t.is(defined(f, url).value, f);

  const another = evaluated("function twice() {}");
  defined(evaluated("function twice() {}"), `${url}?v=1`);
  t.is(defined(another, `${url}?v=2`).value, another, "another evaluation of the module");
  const third = evaluated("function thrice() {}");
  defined(evaluated("function thrice() {}"), path);
  t.is(defined(third, path).value, third, "CommonJS modules leave no trace of another one");
});

test("without names, another evaluation counts anew", (t) => {
  const { url } = file();
  for (const script of [`${url}?v=1`, `${url}?v=2`]) {
    t.deepEqual([defined(() => 1, script).name, defined(() => 2, script).name], ["#1", "#2"]);
  }
});

test("two definitions of one name in one module are refused", (t) => {
  const { path, url } = file();
  const taken = (value: unknown, module: string, kind?: DefinitionKind): unknown =>
    refused(t, "ERR_KLAW_DEFINITION_NAME_TAKEN", () => defined(value, module, "f", kind));
  defined(() => 1, url, "f");
  taken(() => 2, url);
  taken(() => 2, `${url}?v=2`);
  taken(() => 2, path);
  taken(class {}, url, "actor");
  t.is(defined(() => 2, file().url, "f").name, "f", "another module has names of its own");
});

test("of one text, but made twice by one evaluation, they are two", (t) => {
  const { url } = file();
  const adders = [1, 2].map(
    (n) =>
      function add(x: number) {
        return x + n;
      },
  );
  defined(adders[0], url);
  refused(t, "ERR_KLAW_DEFINITION_NAME_TAKEN", () => defined(adders[1], url));
});

test("no actors", (t) => {
  const { url } = file();
  const values = [undefined, 1, "C", {}, () => 1, f, async () => {}, evaluated("function* () {}")];
  for (const value of values) {
    t.throws(() => defined(value, url, "x", "actor"), { instanceOf: InvalidArgumentError, message: /class/ });
  }
  const thenable = "class { then() {} }";
  for (const value of [evaluated(thenable), evaluated(`class extends ${thenable} {}`)]) {
    t.throws(() => defined(value, url, "x", "actor"), { instanceOf: InvalidArgumentError, message: /then/ });
  }
});

test("a class that a compiler made a function of is one", (t) => {
  const Old = evaluated("(() => { function Old() {} Old.prototype.m = () => {}; return Old })()");
  t.is(defined(Old, file().url, undefined, "actor").name, "Old");
});

test("no tasks", (t) => {
  for (const value of [undefined, 1, {}, Promise.resolve(), class C {}]) {
    t.throws(() => defined(value, file().url, "x"), {
      instanceOf: InvalidArgumentError,
      message: /function/,
    });
  }
});

test.serial("what others made of stacks stays as it was", (t) => {
  const { prepareStackTrace } = Error;
  t.teardown(() => (Error.prepareStackTrace = prepareStackTrace));
  Error.prepareStackTrace = theirs;
  // The module is found all the same: this one.
  refused(t, "ERR_KLAW_DEFINITION_IN_TEST_FILE", () => define("task", () => 1, {}, refused));
  t.is(Error.prepareStackTrace, theirs);
});
