/** Mutual TLS between nodes: who is let in, and by which version. */
import { credentials } from "@grpc/grpc-js";
import { expect } from "chai";
import { once } from "node:events";
import tls from "node:tls";
import { encodeHello } from "../../actors/wire/index.ts";
import { until } from "./rig/cluster.ts";
import { NODE_1, NODE_2, STRANGER_1, STRANGERS_PEER } from "./rig/peer-certificates.ts";
import { endOf, PeerRig, WITHIN_MS } from "./rig/peer-rig.ts";
import { requestOf } from "./rig/peers.ts";

describe("peers with mutual TLS", function () {
  this.timeout(60_000);
  const rig = new PeerRig();
  afterEach(() => rig.dispose());

  const before13 = tls.DEFAULT_MIN_VERSION;
  before(() => void (tls.DEFAULT_MIN_VERSION = "TLSv1.3"));
  after(() => void (tls.DEFAULT_MIN_VERSION = before13));

  it("know each other by their certificates", async () => {
    const server = await rig.serve({ credentials: NODE_2 });
    const watched = rig.connect(server.url, { credentials: NODE_1 });
    await rig.opened(watched);
    watched.send(requestOf(1));
    await rig.ended(watched);
    expect(watched.tally.answered).to.equal(1);
  });

  it("are not started while an older TLS would do", async () => {
    tls.DEFAULT_MIN_VERSION = "TLSv1.2";
    try {
      const error = await rig.serve({ credentials: NODE_2 }).then(
        () => undefined,
        (reason: Error) => reason.message,
      );
      expect(error).to.include("--tls-min-v1.3");
      expect(() => rig.connect("127.0.0.1:1", { credentials: NODE_1 })).to.throw("--tls-min-v1.3");
    } finally {
      tls.DEFAULT_MIN_VERSION = "TLSv1.3";
    }
  });

  it("refuse a client without a certificate", async () => {
    const server = await rig.serve({ credentials: NODE_2 });
    const channel = credentials.createSsl(NODE_1.ca, null, null, { checkServerIdentity: () => undefined });
    const stream = rig.raw(server.url, channel, { "grpc.ssl_target_name_override": "node-2" });
    stream.write(Buffer.from(encodeHello({ major: 1, minor: 0, node: "node-1", process: "p" })));
    expect((await endOf(stream)).code).to.equal(14);
  });

  it("refuse a client whom their authority does not know", async () => {
    const server = await rig.serve({ credentials: NODE_2 });
    const watched = rig.connect(server.url, { credentials: STRANGER_1 });
    await until("it is refused", WITHIN_MS, async () => watched.log.text.includes("there is no link"));
    expect(watched.link.state).to.equal("connecting");
  });

  it("refuse a client that calls itself by another's name", async () => {
    const server = await rig.serve({ credentials: NODE_2 });
    const watched = rig.connect(server.url, { credentials: NODE_2, self: { node: "node-1", process: "p1" } });
    const refusal = "its certificate does not name the node node-1";
    await until("it is refused", WITHIN_MS, async () => watched.log.text.includes(refusal));
  });

  it("do not trust a server of another name, nor one of another authority", async () => {
    const misnamed = await rig.serve({ credentials: NODE_1 });
    const strange = await rig.serve({ credentials: NODE_2 });
    const watched = rig.connect(misnamed.url, { credentials: NODE_1 });
    const distrusts = rig.connect(strange.url, { credentials: STRANGERS_PEER });
    for (const { log: said } of [watched, distrusts])
      await until("it is refused", WITHIN_MS, async () => said.text.includes("there is no link"));
    expect([watched.link.state, distrusts.link.state]).to.deep.equal(["connecting", "connecting"]);
  });

  for (const [version, isRefused] of [
    ["TLSv1.2", true],
    ["TLSv1.3", false],
  ] as const)
    it(`${isRefused ? "refuse" : "speak"} ${version}`, async () => {
      const server = await rig.serve({ credentials: NODE_2 });
      const { ca, cert, key } = NODE_1;
      const [host, port] = server.url.split(":");
      const socket = tls.connect({
        host,
        port: Number(port),
        ca,
        cert,
        key,
        ALPNProtocols: ["h2"],
        minVersion: version,
        maxVersion: version,
        checkServerIdentity: () => undefined,
      });
      const outcome = await Promise.race([
        once(socket, "secureConnect").then(() => "connected"),
        once(socket, "close").then(() => "closed"),
      ]).catch((error: NodeJS.ErrnoException) => error.code);
      socket.destroy();
      expect(outcome).to.equal(isRefused ? "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION" : "connected");
    });
});
