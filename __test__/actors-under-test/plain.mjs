/** Definitions that any Node.js imports as they are. */
import { actor, task } from "klaw-runtime";

export class Adder {
  #sum = 0;

  add(n) {
    return (this.#sum += n);
  }
}

export const Adders = actor(Adder);

export const double = task(function double(n) {
  return 2 * n;
});
