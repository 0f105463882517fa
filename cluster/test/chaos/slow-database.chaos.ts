/** D5: each round trip to the database takes 300 ms more. Slower, then refused; the queue is bounded, and all is well behind it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../../ops/sandbox/index.ts";
import { readCharges } from "../rig/charge-log.ts";
import { Cluster } from "../rig/cluster.ts";
import { expectInvariants } from "../rig/invariants.ts";
import { type Answer, limitRate, Merchant, payment } from "../rig/merchant.ts";
import { limitArgs } from "../rig/node-settings.ts";
import { PostgresProxy } from "../rig/postgres-proxy.ts";

const DELAY_MS = 300;
const BURST = 400;
const DEPTH_MAX = 50;
const WITHIN_MS = 60_000;

describe("a slow database", function () {
  this.timeout(180_000);
  const folder = mkdtempSync(join(tmpdir(), "payment-cluster-pg-"));
  let server: EmbeddedPostgres;
  let proxy: PostgresProxy;
  let cluster: Cluster;
  let merchant: Merchant;

  before(async () => {
    server = await startEmbeddedPostgres({ dataDir: folder });
    const url = new URL(server.ownerUrl);
    proxy = await PostgresProxy.start({ host: url.hostname, port: Number(url.port) });
    url.port = String(proxy.port);
    const limits = limitArgs({ mailboxDepthMax: DEPTH_MAX });
    cluster = await Cluster.start("--postgres", url.href, "--shards", "1", ...limits);
    merchant = await Merchant.signIn(cluster.info);
    await limitRate(cluster, [merchant], 100_000);
  });
  after(async () => {
    await merchant?.close();
    await cluster?.dispose();
    await proxy?.stop();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it(`D5 ${DELAY_MS} ms more for each round trip: every request of a burst is answered, 201, 202 or 503`, async () => {
    proxy.hook = ({ from, type, connection }) => {
      if (from !== "server" || type !== "Z") return "pass"; // the end of a round
      setTimeout(() => connection.release(), DELAY_MS);
      return "hold";
    };
    const keys = Array.from({ length: BURST }, (_, n) => `burst-${n}`);
    const answers = await Promise.all(keys.map((key) => merchant.create(key, payment())));
    const counts = Map.groupBy(answers, ({ status, body }) => `${status} ${codeOf(body)}`.trim());
    console.log(`      ${[...counts].map(([what, ones]) => `${ones.length} x ${what}`).join(", ")}`);
    for (const { status, body, headers, text } of answers) {
      expect([201, 202, 503], text).to.include(status);
      if (status !== 503) continue;
      expect(["overloaded", "storage_unavailable"], text).to.include(body["code"]);
      expect(headers["retry-after"]).to.be.a("string");
    }
    const refused = answers.filter(({ status }) => status === 503).length;
    expect(refused, "the queue is bounded").to.be.greaterThan(0);
    expect(refused, "and not everybody is refused").to.be.lessThan(BURST);
    proxy.hook = () => "pass";
    for (const answer of await Promise.all(keys.map((key) => merchant.createUntilFinal(key, payment(), WITHIN_MS))))
      expect(answer.status, answer.text).to.equal(201);
    expect(readCharges(cluster.info).length).to.equal(BURST);
  });

  it("leaves the books in order", () => expectInvariants(cluster));
});

const codeOf = ({ code }: Answer["body"]): string => (typeof code === "string" ? code : "");
