/**
 * B10: an owner is frozen, another start takes its shards over, and the old owner thaws with answers waiting. It writes
 * nothing and its actors end; the fence decides, not its clock.
 */
import { expect } from "chai";
import { Cluster, isReady, until } from "../rig/cluster.ts";
import { expectInvariants } from "../rig/invariants.ts";
import { Merchant, payment } from "../rig/merchant.ts";

const IN_FLIGHT = 24;
/** Every other gateway answer comes after seconds, so that operations are certainly open when the owner freezes. */
const bodyOf = (n: number): ReturnType<typeof payment> => payment(n % 2 === 0 ? { payment_method: "tok_slow_5s" } : {});

describe("a frozen owner", function () {
  this.timeout(240_000);
  let old: Cluster;
  let successor: Cluster | undefined;
  let merchant: Merchant;

  before(async () => {
    old = await Cluster.start("--shards", "2");
    merchant = await Merchant.signIn(old.info, 0);
  });
  after(async () => {
    process.kill(old.nodePid, "SIGCONT");
    await merchant?.close();
    await successor?.dispose();
    await old?.dispose();
  });

  it("B10 writes nothing after its shards were taken over, and ends its actors", async () => {
    for (let n = 0; n < 5; n++) expect((await merchant.create(`before-${n}`, payment())).status).to.equal(201);
    // Gateway answers and commits are under way when it freezes.
    const waiting = Array.from({ length: IN_FLIGHT }, (_, n) =>
      merchant.create(`frozen-${n}`, bodyOf(n)).catch(() => undefined),
    );
    await until("operations are open", 10_000, async () => {
      const rows = await old.query<{ n: number }>(
        "SELECT count(*)::int AS n FROM payment_current WHERE status = 'pending'",
      );
      return rows.some(({ n }) => n > 0);
    });
    const { nodePid } = old;
    process.kill(nodePid, "SIGSTOP");
    const epochs = await epochsOf(old);

    const server = old.info.postgres.control.ownerDsn.replace(/\/[^/]*$/, "/postgres");
    const { stripe, adyen } = old.info.gateways;
    successor = await Cluster.start(
      "--postgres",
      server,
      "--stripe-url",
      stripe.url,
      "--adyen-url",
      adyen.url,
      "--port",
      "8180",
    );
    const next = successor;
    const raised = await epochsOf(next);
    raised.forEach((epoch, i) => expect(epoch).to.be.greaterThan(epochs[i] as number));
    const heir = await Merchant.signIn(next.info, 0);
    expect((await heir.createUntilFinal("after", payment(), 30_000)).status).to.equal(201);

    process.kill(nodePid, "SIGCONT");
    await until("the old owner's actors end", 30_000, async () => {
      const response = await fetch(`${old.info.nodes[0]?.adminUrl}/readyz`);
      const { shards, reason } = (await response.json()) as { shards: readonly unknown[]; reason?: string };
      return response.status === 503 && shards.length === 0 && reason?.includes("another process") === true;
    });
    const answers = await Promise.all(waiting);
    const zombie = await merchant.create("zombie", payment());
    expect([zombie.status, zombie.body["code"]]).to.deep.equal([503, "shard_unavailable"]);
    expect(
      (await merchant.get(String((await heir.create("after", payment())).body["id"]))).status,
      "reads too",
    ).to.equal(503);

    const late = await next.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM journal j WHERE EXISTS
        (SELECT 1 FROM journal k WHERE k.origin_shard = j.origin_shard AND k.seq < j.seq AND k.epoch > j.epoch)`,
    );
    expect(
      late.reduce((sum, { n }) => sum + n, 0),
      "rows of an old epoch behind a new one",
    ).to.equal(0);

    // What was in flight ends at the new owner, once.
    for (let n = 0; n < IN_FLIGHT; n++) {
      const final = await heir.createUntilFinal(`frozen-${n}`, bodyOf(n), 60_000);
      expect(final.status).to.equal(201);
      const first = answers[n];
      if (first?.status === 201) expect(first.text).to.equal(final.text);
    }
    expect(await isReady(next.info)).to.equal(true);
    await heir.close();
    await expectInvariants(old); // one charge log, one set of databases: the first cluster's
  });
});

async function epochsOf(cluster: Cluster): Promise<readonly number[]> {
  return (await cluster.query<{ epoch: number }>("SELECT epoch::int FROM shard_lease")).map(({ epoch }) => epoch);
}
