/** `child_process.fork` with the codec that takes typed arrays. It has no bound either. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

async function start(mode) {
  const peer = fork(fileURLToPath(import.meta.url), [mode], { serialization: "advanced" });
  await once(peer, "message");
  const answer = () => new Promise((resolve) => peer.once("message", resolve));
  const stop = async () => {
    peer.disconnect();
    await once(peer, "exit");
  };
  return { peer, answer, stop };
}

export async function oneByOne() {
  const { peer, answer, stop } = await start("count");
  const run = async (make, messages) => {
    for (let n = 0; n < messages; n++) peer.send(make(n));
    peer.send("end");
    await answer();
  };
  return { run, stop };
}

export async function batched() {
  const { peer, answer, stop } = await start("count");
  const run = async (make, messages) => {
    for (let n = 0; n < messages; n += 1_000) {
      peer.send(Array.from({ length: Math.min(1_000, messages - n) }, (_, i) => make(n + i)));
    }
    peer.send("end");
    await answer();
  };
  return { run, stop };
}

export async function roundTrips() {
  const { peer, answer, stop } = await start("echo");
  const trip = (value) => {
    const answered = answer();
    peer.send(value);
    return answered;
  };
  return { trip, stop };
}

const [mode] = process.argv.slice(2);
if (process.send !== undefined) {
  process.on("message", (value) => {
    if (mode === "echo" || value === "end") process.send(value);
  });
  process.send("ready");
}
