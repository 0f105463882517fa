/** Peers that are killed, stand still, fail or are not there: every ticket ends once, and memory stays bounded. */
import { expect } from "chai";
import { systemClock } from "../clock.ts";
import { WAITING_BYTES_MAX } from "../peers/outgoing-stream.ts";
import { until } from "./rig/cluster.ts";
import { PeerRig, WITHIN_MS } from "./rig/peer-rig.ts";
import { echo, requestOf } from "./rig/peers.ts";

describe("peers that go away", function () {
  this.timeout(60_000);
  const rig = new PeerRig();
  afterEach(() => rig.dispose());

  it("leave every ticket one end when they are killed, and are found again", async () => {
    let peer = await rig.spawn("node-2");
    const watched = await rig.open(peer.url);
    let ticket = 0;
    const fill = (): void => {
      while (watched.link.openRequests < 2_000 && watched.send(requestOf(++ticket)));
    };
    fill();
    const filling = setInterval(fill, 1);
    try {
      await until("answers come", WITHIN_MS, async () => watched.tally.answered > 1_000);
      await peer.kill();
      await until("the link broke", WITHIN_MS, async () => watched.link.state === "connecting");
    } finally {
      clearInterval(filling);
    }
    await rig.ended(watched);
    const { unknown, unsent, twice } = watched.tally;
    expect(unknown + unsent).to.be.above(0);
    expect(twice).to.equal(0);
    expect(watched.ends.size).to.equal(watched.sent);
    peer = await rig.spawn("node-2", Number(peer.url.split(":")[1]));
    await rig.opened(watched);
    watched.send(requestOf(++ticket));
    await rig.ended(watched);
    expect(watched.ends.get(ticket)).to.deep.equal(["answered"]);
  });

  it("are given up when they stand still, hold a bounded number of bytes until then, and answer nothing twice later", async () => {
    const peer = await rig.spawn("node-2");
    const watched = await rig.open(peer.url);
    peer.signal("SIGSTOP");
    let ticket = 0;
    const bytesEach = 4_096;
    const filling = setInterval(() => {
      for (let i = 0; i < 200; i++) watched.send(requestOf(++ticket, bytesEach));
    }, 1);
    try {
      await until("the link broke", WITHIN_MS, async () => watched.link.state === "connecting");
    } finally {
      clearInterval(filling);
    }
    await rig.ended(watched);
    expect(watched.refused, "the queue was full").to.be.above(0);
    const { unsent, unknown, answered, twice } = watched.tally;
    expect(unsent, "what waited never left").to.be.above(0);
    expect(unsent * bytesEach).to.be.at.most(WAITING_BYTES_MAX);
    expect(unknown * bytesEach, "what sockets and streams hold").to.be.at.most(4 * WAITING_BYTES_MAX);
    expect({ answered, twice, all: unsent + unknown }).to.deep.equal({ answered: 0, twice: 0, all: watched.sent });
    peer.signal("SIGCONT");
    await rig.opened(watched);
    expect(watched.send(requestOf(++ticket))).to.equal(true);
    await rig.ended(watched);
    expect(watched.tally).to.include({ answered: 1, twice: 0 });
  });

  it("are asked for again ever more seldom", async () => {
    const server = await rig.serve();
    await server.close();
    const waits: number[] = [];
    const clock = {
      ...systemClock,
      after: (delayMs: number, task: () => void) => {
        if (delayMs !== 3_000) waits.push(delayMs); // of the hello
        return systemClock.after(Math.min(delayMs, 20), task);
      },
    };
    rig.connect(server.url, { clock, random: { bytes: (count) => new Uint8Array(count), fraction: () => 1 } });
    await until("six tries", WITHIN_MS, async () => waits.length >= 6);
    expect(waits.slice(0, 6)).to.deep.equal([100, 200, 400, 800, 1_600, 2_000]);
  });

  it("leave tickets unknown when their handler fails, and live on", async () => {
    let fails = true;
    const server = await rig.serve({
      handler: {
        ...echo,
        onRequests: (from, items, answer) => {
          if (fails) throw new Error("a fault of the handler");
          echo.onRequests(from, items, answer);
        },
      },
    });
    const watched = rig.connect(server.url);
    await rig.opened(watched);
    watched.send(requestOf(1));
    await rig.ended(watched);
    expect(watched.ends.get(1)).to.deep.equal(["unknown"]);
    fails = false;
    await rig.opened(watched);
    watched.send(requestOf(2));
    await rig.ended(watched);
    expect(watched.ends.get(2)).to.deep.equal(["answered"]);
  });

  it("end what is open when the link is closed", async () => {
    const server = await rig.serve({ handler: { ...echo, onRequests: () => {} } });
    const watched = rig.connect(server.url);
    await rig.opened(watched);
    watched.send(requestOf(1));
    watched.link.close();
    expect(watched.tally).to.include({ unsent: 1, unknown: 0 });
    expect(watched.link.state).to.equal("closed");
  });
});
