import { once } from "node:events";

import { actor, runtimeContext } from "klaw-runtime";

/** Waits until it is told that nobody waits for it. */
export class Watcher {
  #isWaiting = false;
  readonly #reasons: string[] = [];

  async untilCancelled(): Promise<void> {
    const { signal } = runtimeContext();
    this.#isWaiting = true;
    if (!signal!.aborted) await once(signal!, "abort");
    this.#reasons.push((signal!.reason as { code: string }).code);
  }

  async isWaiting(): Promise<boolean> {
    return this.#isWaiting;
  }

  async reasons(): Promise<string[]> {
    return this.#reasons;
  }
}

export const Watchers = actor(Watcher);
