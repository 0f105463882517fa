/**
 * D9: the connection is lost in COMMIT. The driver's error is the same whether the server never received the COMMIT,
 * committed, or is still at it; in each case the shard ends in the truth and the payment is charged once.
 */
import { expect } from "chai";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../../ops/sandbox/index.ts";
import { Cluster } from "../rig/cluster.ts";
import { expectInvariants } from "../rig/invariants.ts";
import { Merchant, payment } from "../rig/merchant.ts";
import { type Message, PostgresProxy, type Verdict } from "../rig/postgres-proxy.ts";

const FROZEN_MS = 3_000;

interface Trap {
  readonly fired: boolean;
  hook(message: Message): Verdict;
}
type Fault = (message: Message, event: "sent" | "executed" | "acknowledged") => Verdict | "wait";

/** Shows `fault` the moments of the first transaction whose statement `matches`, until it acts. */
function trap(matches: (sql: string) => boolean, fault: Fault): Trap {
  let fired = false;
  let watched: Message["connection"] | undefined;
  return {
    get fired() {
      return fired;
    },
    hook: (message) => {
      if (watched === undefined && message.type === "B" && matches(message.text)) watched = message.connection;
      if (fired || message.connection !== watched || message.type === "P") return "pass";
      const { from, text, type } = message;
      const event =
        from === "client"
          ? text === "COMMIT"
            ? "sent"
            : null
          : type !== "C"
            ? null
            : text === "COMMIT"
              ? "acknowledged"
              : text.startsWith("SELECT")
                ? "executed"
                : null;
      if (event === null) return "pass";
      const verdict = fault(message, event);
      if (verdict === "wait") return "pass";
      fired = verdict !== "hold";
      return verdict;
    },
  };
}

const isT1 = (sql: string): boolean => sql.includes("INSERT INTO payment");
const isT2 = (sql: string): boolean => sql.includes("INSERT INTO ledger_entry") && !sql.includes("INSERT INTO payment");

/**
 * Holds the COMMIT until the statement has run, so that the backend has the lease locked; freezes the backend, gives it
 * the COMMIT, and leaves it alone with it for a while.
 */
const frozen: Fault = (message, event) => {
  if (event === "sent") {
    setImmediate(() => message.connection.flushServer());
    return "hold";
  }
  if (event !== "executed") return "wait";
  const { backendPid } = message.connection;
  process.kill(backendPid, "SIGSTOP");
  setTimeout(() => process.kill(backendPid, "SIGCONT"), FROZEN_MS);
  message.connection.release();
  setImmediate(() => message.connection.resetClient());
  return "pass";
};
const cutAt =
  (moment: "sent" | "acknowledged"): Fault =>
  (_message, event) =>
    event === moment ? "cut" : "wait";

const FORMS: readonly (readonly [string, Fault])[] = [
  ["(a) the COMMIT was not received", cutAt("sent")],
  ["(b) it committed, the acknowledgement was lost", cutAt("acknowledged")],
  ["(c) it still runs in a frozen backend", frozen],
];

describe("a COMMIT of unknown fate", function () {
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
    cluster = await Cluster.start("--postgres", url.href, "--shards", "1");
    merchant = await Merchant.signIn(cluster.info, 0);
  });
  after(async () => {
    await merchant?.close();
    await cluster?.dispose();
    await proxy?.stop();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const epoch = async (): Promise<number> => {
    const rows = await cluster.query<{ epoch: number }>("SELECT epoch::int FROM shard_lease");
    return rows[0]?.epoch as number;
  };

  for (const [step, matches, firstStatus] of [
    ["T1", isT1, 503],
    ["T2", isT2, 202],
  ] as const) {
    for (const [form, fault] of FORMS) {
      it(`D9 ${step} ${form}: ${firstStatus} at first, then one charge and one answer`, async () => {
        const key = `${step} ${form}`.replaceAll(/[^a-zA-Z0-9]/g, "-");
        const before = await epoch();
        const armed = trap(matches, fault);
        proxy.hook = (message) => armed.hook(message);
        const first = await merchant.create(key, payment());
        expect(armed.fired, "the fault was injected").to.equal(true);
        expect(first.status, first.text).to.equal(firstStatus);
        const final = await merchant.createUntilFinal(key, payment(), 60_000);
        expect(final.status).to.equal(201);
        if (firstStatus === 202) expect(final.body["id"]).to.equal(first.body["id"]);
        const again = await merchant.create(key, payment());
        expect([again.status, again.text]).to.deep.equal([201, final.text]);
        expect(await epoch(), "settled by an epoch of its own").to.be.greaterThan(before);
        await expectInvariants(cluster);
      });
    }
  }
});
