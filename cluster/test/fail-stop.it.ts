/** C1: a fault in a message ends its thread before the thread takes another message. */
import { expect } from "chai";
import { Worker } from "node:worker_threads";

const source = `
  const { parentPort } = require("node:worker_threads");
  import(${JSON.stringify(new URL("../fail-stop.ts", import.meta.url).href)}).then(({ failStop }) => {
    const log = { info() {}, warn() {}, error: (fields) => parentPort.postMessage({ logged: fields.what }) };
    parentPort.on("message", async (number) => {
      failStop(log, "message " + number, () => { if (number === 2) throw new TypeError("poison"); });
      parentPort.postMessage({ taken: number });
    });
    parentPort.postMessage("ready");
  });`;

describe("fail-stop", function () {
  this.timeout(30_000);

  it("C1 says what failed, then ends the thread with the fault: no message behind it is taken", async () => {
    const worker = new Worker(source, { eval: true });
    const heard: unknown[] = [];
    let fault: unknown;
    worker.once("error", (error) => (fault = error));
    const ended = new Promise((resolve) => worker.once("exit", resolve)); // by then all its messages are here
    worker.on("message", (message) => {
      heard.push(message);
      if (message === "ready") for (const number of [1, 2, 3, 4]) worker.postMessage(number, []);
    });
    await ended;
    expect(fault).to.be.instanceOf(TypeError).with.property("message", "poison");
    expect(heard).to.deep.include.members([{ taken: 1 }, { logged: "message 2" }]);
    expect(heard).not.to.deep.include.members([{ taken: 3 }]);
  });
});
