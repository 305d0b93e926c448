import type { ActorClass, Task } from "klaw-runtime";

export class Ledger {
  constructor(file: string);
  enter(line: string): string;
  enterSlowly(line: string): Promise<string>;
}
export class SerialLedger extends Ledger {}
export const Ledgers: ActorClass<typeof Ledger>;
export const SerialLedgers: ActorClass<typeof SerialLedger>;
export const entry: Task<(file: string, line: string) => Promise<string>>;
export const relay: Task<(ledger: object, file: string, line: string) => Promise<string>>;
