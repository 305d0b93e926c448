export default {
  files: ["__test__/**/*.test.ts"],
  extensions: { ts: "module" },
  nodeArguments: ["--import=tsx", "--expose-gc"],
  // Processes, as users' programs are: the addon's life cycle in worker threads has tests of its own.
  workerThreads: false,
  timeout: "2m",
};
