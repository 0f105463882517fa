/** Peers of other versions, and strangers: refused with a reason, alone. */
import { expect } from "chai";
import { once } from "node:events";
import { encodeHello } from "../../actors/wire/index.ts";
import { Frame } from "../../actors/wire/envelopes.generated.js";
import { until } from "./rig/cluster.ts";
import { endOf, PeerRig, WITHIN_MS } from "./rig/peer-rig.ts";
import { requestOf } from "./rig/peers.ts";

describe("peers that are not understood", function () {
  this.timeout(60_000);
  const rig = new PeerRig();
  afterEach(() => rig.dispose());

  it("of another major version are refused, and both ends say why", async () => {
    const server = await rig.serve();
    const stream = rig.raw(server.url);
    stream.write(Buffer.from(encodeHello({ major: 2, minor: 0, node: "node-9", process: "p" })));
    const { details } = await endOf(stream);
    expect(details).to.equal("node node-9 speaks version 2.0 between nodes, and this one 1.0");
    expect(rig.log.text).to.include(details);
  });

  it("of a newer minor version are worked with; what they alone know is refused", async () => {
    const server = await rig.serve();
    const stream = rig.raw(server.url);
    stream.write(Buffer.from(encodeHello({ major: 1, minor: 9, node: "node-9", process: "p" })));
    stream.write(
      Buffer.from(
        Frame.encode({
          requests: [{ ticket: 5, kind: 99 as never }],
          notices: [{ ticket: 6, claim: { kind: "of tomorrow" } }],
        }).finish(),
      ),
    );
    const [first] = (await once(stream, "data")) as [Buffer];
    expect(Frame.decode(first).hello).to.include({ major: 1, node: "node-2" });
    const [second] = (await once(stream, "data")) as [Buffer];
    const { refused, receipts } = Frame.decode(second);
    expect(refused?.map(({ ticket, reason }) => [ticket, reason])).to.deep.equal([[5, 4]]);
    expect(receipts?.map(({ ticket, taken }) => [ticket, taken])).to.deep.equal([[6, false]]);
    stream.on("error", () => {});
    stream.cancel();
  });

  for (const [what, messages] of [
    ["garbage", [Buffer.from([0xff, 0xff, 0xff])]],
    ["no hello", [Buffer.from(Frame.encode({ receipts: [{ ticket: 1 }] }).finish())]],
    ["no name", [Buffer.from(encodeHello({ major: 1, minor: 0, node: "", process: "" }))]],
    [
      "garbage after their hello",
      [Buffer.from(encodeHello({ major: 1, minor: 0, node: "n", process: "p" })), Buffer.from([0xff])],
    ],
  ] as const)
    it(`are refused for ${what}, alone`, async () => {
      const server = await rig.serve();
      const watched = await rig.open(server.url);
      const stream = rig.raw(server.url);
      for (const message of messages) stream.write(message);
      expect((await endOf(stream)).code).to.be.oneOf([3, 9]);
      watched.send(requestOf(1));
      await rig.ended(watched);
      expect(watched.tally.answered).to.equal(1);
    });

  it("are not taken for another node that listened there before", async () => {
    const server = await rig.serve({ self: { node: "node-3", process: "p3" } });
    const watched = rig.connect(server.url);
    await until("it is said", WITHIN_MS, async () =>
      watched.log.text.includes("node node-3 answers where node-2 should be"),
    );
    expect(watched.link.state).to.equal("connecting");
  });
});
