import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";

import { checkLayers } from "./check-layers.mjs";

const WORKSPACE = '[workspace]\nresolver = "2"\nmembers = ["crates/*"]\n';

/** The files of one crate: `tables` is what follows [package] in its manifest. */
function crate(name, tables = "") {
  return {
    [`crates/${name}/Cargo.toml`]: `[package]\nname = "${name}"\nversion = "0.0.0"\nedition = "2021"\n${tables}`,
    [`crates/${name}/src/lib.rs`]: "",
  };
}

function problemsOf(t, files) {
  const root = mkdtempSync(join(tmpdir(), "klaw-layers-"));
  t.after(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries({ "Cargo.toml": WORKSPACE, ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return checkLayers(root);
}

function assertOneProblem(problems, pattern) {
  assert.equal(problems.length, 1, `expected one problem, found: ${problems.join("\n")}`);
  assert.match(problems[0], pattern);
}

test("a crate may use every crate to its left", (t) => {
  const files = {
    ...crate("klaw-shm"),
    ...crate("klaw-channel", '[dependencies]\nklaw-shm = { path = "../klaw-shm" }\n'),
    ...crate("klaw-store", '[dependencies]\nklaw-shm = { path = "../klaw-shm" }\n'),
    ...crate("klaw-node", '[dependencies]\nklaw-shm = { path = "../klaw-shm" }\nnapi = "3"\n'),
  };
  assert.deepEqual(problemsOf(t, files), []);
});

for (const table of ["dependencies", "dev-dependencies", "build-dependencies"]) {
  test(`a crate must not use one to its right in [${table}]`, (t) => {
    const files = {
      ...crate("klaw-shm", `[${table}]\nklaw-channel = { path = "../klaw-channel" }\n`),
      ...crate("klaw-channel"),
    };
    assertOneProblem(problemsOf(t, files), /^klaw-shm: depends on klaw-channel/);
  });
}

test("a renamed dependency is known by its package", (t) => {
  const files = {
    ...crate("klaw-shm", '[dependencies]\nrings = { package = "klaw-channel", path = "../klaw-channel" }\n'),
    ...crate("klaw-channel"),
  };
  assertOneProblem(problemsOf(t, files), /^klaw-shm: depends on klaw-channel/);
});

test("a crate outside the list is a problem", (t) => {
  assertOneProblem(problemsOf(t, crate("klaw-other")), /^klaw-other: not in the list/);
});

test("the test kit serves tests alone", (t) => {
  const inTests = {
    ...crate("klaw-shm", '[dev-dependencies]\nklaw-testkit = { path = "../klaw-testkit" }\n'),
    ...crate("klaw-testkit"),
  };
  assert.deepEqual(problemsOf(t, inTests), []);
  const shipped = {
    ...crate("klaw-shm", '[dependencies]\nklaw-testkit = { path = "../klaw-testkit" }\n'),
    ...crate("klaw-testkit"),
  };
  assertOneProblem(problemsOf(t, shipped), /^klaw-shm: depends on klaw-testkit, which is for/);
});

test("the test kit uses none of our crates", (t) => {
  const files = {
    ...crate("klaw-testkit", '[dependencies]\nklaw-shm = { path = "../klaw-shm" }\n'),
    ...crate("klaw-shm"),
  };
  assertOneProblem(problemsOf(t, files), /^klaw-testkit: depends on klaw-shm/);
});

test("napi stays in klaw-node", (t) => {
  const files = crate("klaw-core", '[build-dependencies]\nnapi-build = "2"\n');
  assertOneProblem(problemsOf(t, files), /^klaw-core: depends on napi-build/);
});

const ATOMIC_USES = [
  "use std::sync::atomic::AtomicU32;",
  "use core::sync::atomic;",
  "use std::sync::{Arc, atomic::AtomicU32};",
  "use std::{\n    fmt,\n    sync::{Arc, atomic::AtomicU32},\n};",
  "fn f() { core::sync::atomic::fence(X) }",
];

for (const code of ATOMIC_USES) {
  test(`atomics stay in sync.rs: ${code.replaceAll(/\s+/g, " ")}`, (t) => {
    const files = { ...crate("klaw-shm"), "crates/klaw-shm/src/sync.rs": code };
    assert.deepEqual(problemsOf(t, files), []);
    const astray = { ...crate("klaw-shm"), "crates/klaw-shm/tests/it.rs": `\n${code}` };
    assertOneProblem(problemsOf(t, astray), /^crates\/klaw-shm\/tests\/it\.rs:2: atomics/);
  });
}

test("shared_memory stays in segment.rs", (t) => {
  const code = "use shared_memory::ShmemConf;";
  const files = { ...crate("klaw-shm"), "crates/klaw-shm/src/segment.rs": code };
  assert.deepEqual(problemsOf(t, files), []);
  const astray = { ...crate("klaw-shm"), "crates/klaw-shm/src/janitor.rs": code };
  assertOneProblem(problemsOf(t, astray), /^crates\/klaw-shm\/src\/janitor\.rs:1: the crate shared_memory/);
});

test("comments and near names are no use", (t) => {
  const code = [
    "//! In place of std::sync::atomic and shared_memory::Shmem.",
    "use std::sync::{Arc, Mutex};",
    "mod atomic;",
    "use klaw_shm::sync::atomic;",
    "fn shared_memory_size() {}",
  ];
  const files = { ...crate("klaw-shm"), "crates/klaw-shm/src/other.rs": code.join("\n") };
  assert.deepEqual(problemsOf(t, files), []);
});

test("build output and installed packages are not read", (t) => {
  const code = "use std::sync::atomic::AtomicU32;";
  const files = { ...crate("klaw-shm"), "target/a.rs": code, "node_modules/b/c.rs": code };
  assert.deepEqual(problemsOf(t, files), []);
});

test("src/native/ alone imports the addon", (t) => {
  const files = {
    ...crate("klaw-shm"),
    "src/native/index.ts": 'const binding = require("./binding.cjs");\nimport "@klaw-runtime/linux-x64";\n',
    "src/actor.ts": 'import { open } from "./native/index.js";\nimport { join } from "node:path";\n',
  };
  assert.deepEqual(problemsOf(t, files), []);
});

for (const specifier of ["./native/binding.cjs", "../klaw.linux-x64-gnu.node", "@klaw-runtime/linux-x64"]) {
  test(`other modules must not import ${specifier}`, (t) => {
    const files = { ...crate("klaw-shm"), "src/actor.ts": `\nimport addon from "${specifier}";\n` };
    assertOneProblem(problemsOf(t, files), /^src\/actor\.ts:2: imports/);
  });
}
