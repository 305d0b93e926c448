/** ZeroMQ over `ipc://`, PUSH to PULL, values by `v8.serialize`. Bounded by its high-water marks of 1,000 messages. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { deserialize, serialize } from "node:v8";

let created = 0;

async function start(mode) {
  const { Pull, Push } = await import("zeromq");
  const name = join(tmpdir(), `klaw-bench-${process.pid}-${created++}`);
  const [there, back] = [`ipc://${name}-there`, `ipc://${name}-back`];
  const tx = new Push();
  const rx = new Pull();
  await Promise.all([tx.bind(there), rx.bind(back)]);
  const peer = fork(fileURLToPath(import.meta.url), [there, back, mode]);
  await once(peer, "message");
  const stop = async () => {
    peer.disconnect();
    await once(peer, "exit");
    tx.close();
    rx.close();
  };
  return { tx, rx, stop };
}

export async function oneByOne() {
  const { tx, rx, stop } = await start("count");
  const run = async (make, messages) => {
    for (let n = 0; n < messages; n++) await tx.send(serialize(make(n)));
    await tx.send(serialize(null));
    await rx.receive();
  };
  return { run, stop };
}

export async function roundTrips() {
  const { tx, rx, stop } = await start("echo");
  const trip = async (value) => {
    await tx.send(serialize(value));
    const [answer] = await rx.receive();
    return deserialize(answer);
  };
  return { trip, stop };
}

async function serve([there, back, mode]) {
  const { Pull, Push } = await import("zeromq");
  const rx = new Pull();
  const tx = new Push();
  rx.connect(there);
  tx.connect(back);
  process.once("disconnect", () => process.exit(0));
  process.send("ready");
  for await (const [bytes] of rx) {
    const value = deserialize(bytes);
    if (mode === "echo" || value === null) await tx.send(serialize(value));
  }
}

if (process.send !== undefined) await serve(process.argv.slice(2));
