/** What is called: the same work everywhere. */
import { actor, task } from "klaw-runtime";

export class Adder {
  add(a, b) {
    return a + b;
  }
}
export const Adders = actor(Adder);
export const add = task(function add(a, b) {
  return a + b;
});
