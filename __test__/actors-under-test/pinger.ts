import { actor, type ActorHandle } from "klaw-runtime";

/** Calls another of its kind, which calls it. */
export class Pinger {
  readonly #name: string;
  #other: ActorHandle<Pinger> | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  async name(): Promise<string> {
    return this.#name;
  }

  async meet(other: ActorHandle<Pinger>): Promise<void> {
    this.#other = other;
  }

  makeOther(name: string): Promise<ActorHandle<Pinger>> {
    return Pingers.create(name);
  }

  /** Who was called, to and fro. */
  async ping(times: number): Promise<string[]> {
    if (times === 0) return [this.#name];
    return [this.#name, ...(await this.#other!.ping(times - 1))];
  }
}

export const Pingers = actor(Pinger);
