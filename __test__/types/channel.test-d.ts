/** What the compiler must know, and must refuse. Compiled by the lints, never run. */
import { channel, move, type Receiver, type Sender, type StandardSchemaV1 } from "klaw-runtime";

import { same } from "./same.ts";

interface Job {
  id: number;
  answer: Sender<string>;
}

export async function ends(): Promise<void> {
  const [tx, rx] = channel<Job>();
  same<typeof tx, Sender<Job>>();
  same<typeof rx, Receiver<Job>>();

  const [answer, answers] = channel<string>();
  await tx.send({ id: 1, answer });
  await tx.send({ id: 1, answer: move(answer) });
  // @ts-expect-error no such field
  await tx.send({ id: 1, answr: answer });
  // @ts-expect-error the wrong end
  await tx.send({ id: 1, answer: answers });
  // @ts-expect-error a number is no job
  tx.trySend(1);
  // @ts-expect-error one by one
  await tx.sendMany({ id: 1, answer });

  const job = await rx.recv();
  same<typeof job, Job>();
  same<Awaited<ReturnType<typeof rx.recvMany>>, Job[]>();
  same<ReturnType<typeof rx.tryRecv>, { value: Job } | undefined>();
  for await (const next of rx) same<typeof next, Job>();
}

export function variance(): void {
  const [tx, rx] = channel<number | string>();
  const narrower: Sender<number> = tx;
  const wider: Receiver<number | string | null> = rx;
  // @ts-expect-error it can't take what it was not made for
  const wrong: Sender<boolean> = tx;
  // @ts-expect-error strings may come
  const also: Receiver<number> = rx;
  void [narrower, wider, wrong, also];
}

export function options(): void {
  channel({ capacity: 1, maxBytes: 1 << 20, overflow: "error" });
  // @ts-expect-error not yet, or a typo
  channel({ overflow: "dropOldest" });
  // @ts-expect-error a typo
  channel({ capcity: 1 });
}

export async function schemas(numeric: StandardSchemaV1<string, number>): Promise<void> {
  const [tx, rx] = channel({ schema: numeric });
  same<typeof tx, Sender<string>>();
  same<typeof rx, Receiver<number>>();
  // @ts-expect-error what goes in is a string
  await tx.send(1);
}
