import { actor } from "klaw-runtime";

/** Calls wait in it until it is opened. */
export class Gate {
  #open: () => void = () => {};
  #opened: Promise<void> = new Promise((open) => {
    this.#open = open;
  });
  #running = 0;
  #most = 0;
  #started: unknown[] = [];

  async pass<T>(value: T): Promise<T> {
    this.#started.push(value);
    this.#running++;
    this.#most = Math.max(this.#most, this.#running);
    await this.#opened;
    this.#running--;
    return value;
  }

  /** In a group of its own, if the actor has one. */
  async look(): Promise<{ running: number; most: number; started: unknown[] }> {
    return { running: this.#running, most: this.#most, started: this.#started };
  }

  async open(): Promise<void> {
    this.#open();
  }
}

/** Lets `look` and `open` run while calls wait. */
export const Gates = actor(Gate, {
  concurrencyGroups: { control: 2 },
  methods: { look: { concurrencyGroup: "control" }, open: { concurrencyGroup: "control" } },
});
