/**
 * The program of a worker process whose driver's loader has made CommonJS of this package: a loader does the same here then, and
 * programs get the copy of the package that the worker has, not one beside it that is in no session.
 *
 * @module
 */
module.exports = require("./bootstrap.js");
