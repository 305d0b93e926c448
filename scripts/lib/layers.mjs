// The one-way order of the layers, and what only one module may touch.

/** Each crate may use those before it. */
export const CRATES = ["klaw-shm", "klaw-channel", "klaw-store", "klaw-sched", "klaw-core", "klaw-node"];

const NODE_FACE = "klaw-node";

/** Beside the layers: it uses none of our crates, and any of them may use it in tests, in tests alone. */
const TEST_KIT = "klaw-testkit";

/** Rust paths that belong to a single file. `;` ends a `use` item, so no pattern reaches beyond one. */
const RUST_OWNERS = [
  {
    path: "crates/klaw-shm/src/sync.rs",
    pattern: /\b(?:std|core)::(?:\{[^;]*?\b)?sync::(?:\{[^;]*?\b)?atomic\b/g,
    problem: "atomics come from klaw_shm::sync, so that loom can run the real code",
  },
  {
    path: "crates/klaw-shm/src/segment.rs",
    pattern: /\bshared_memory::|\buse\s+shared_memory\b/g,
    problem: "the crate shared_memory is used by klaw_shm::Segment alone",
  },
];

const NATIVE_FOLDER = "src/native/";
const IMPORT = /\b(?:from|import|require)\s*\(?\s*["']([^"'\n]+)["']/g;
const ADDON = /\.node$|^@klaw-runtime\/|\/native\/(?!index\.[cm]?[jt]s$)/;

/** Problems in the packages of `cargo metadata`. */
export function crateProblems(packages) {
  return packages.flatMap(({ name, dependencies }) => {
    if (name !== TEST_KIT && !CRATES.includes(name)) {
      return [`${name}: not in the list of layers (scripts/lib/layers.mjs)`];
    }
    return dependencies.flatMap((dependency) => dependencyProblems(name, dependency));
  });
}

function dependencyProblems(crate, { name: dependency, kind }) {
  if (dependency.startsWith("napi") && crate !== NODE_FACE) {
    return [`${crate}: depends on ${dependency}, which only ${NODE_FACE} may use`];
  }
  if (!dependency.startsWith("klaw-")) return [];
  if (dependency === TEST_KIT && crate !== TEST_KIT) {
    return kind === "dev" ? [] : [`${crate}: depends on ${TEST_KIT}, which is for [dev-dependencies] alone`];
  }
  const allowed = crate === TEST_KIT ? [] : CRATES.slice(0, CRATES.indexOf(crate));
  if (allowed.includes(dependency)) return [];
  return [`${crate}: depends on ${dependency}; it may use ${allowed.join(", ") || "no other crate of ours"}`];
}

/** Problems in one Rust file, given its path in the repository. */
export function rustProblems(path, text) {
  const code = withoutLineComments(text);
  return RUST_OWNERS.filter((owner) => owner.path !== path).flatMap(({ pattern, problem }) =>
    [...code.matchAll(pattern)].map(({ index }) => `${path}:${lineAt(code, index)}: ${problem}`),
  );
}

/** Problems in one module under src/, given its path in the repository. */
export function moduleProblems(path, text) {
  if (path.startsWith(NATIVE_FOLDER)) return [];
  return [...text.matchAll(IMPORT)]
    .filter(([, specifier]) => ADDON.test(specifier))
    .map(
      ({ index, 1: specifier }) =>
        `${path}:${lineAt(text, index)}: imports ${specifier}; the addon is reached through ${NATIVE_FOLDER}index.ts`,
    );
}

// Comments may name what code may not use. Lines stay where they are.
function withoutLineComments(text) {
  return text.replaceAll(/\/\/.*/g, "");
}

function lineAt(text, index) {
  return text.slice(0, index).split("\n").length;
}
