/** What merchants look up, where only a server can show it: limits, locks, and sums made by two owners. */
import { expect } from "chai";
import type pg from "pg";
import type { Activation, EventsCursor, PaymentsFilter, ShardStore } from "../../actors/index.ts";
import { bytesOfId, type PaymentId } from "../../actors/domain/index.ts";
import { activated } from "../contract.ts";
import { begun, lastOf } from "./contract-operations.ts";
import { WAITING } from "../inbox-reads.ts";
import { FIND_OPERATIONS } from "../operation-reads.ts";
import { FIND_DELIVERIES, FIND_FORSAKEN, LIST_DELIVERIES } from "../outbox-reads.ts";
import { LOOKED_AT_MOST } from "../payment-lists.ts";
import { FIND_REFUND, LIST_REFUNDS } from "../refund-reads.ts";
import { type TestCluster, eventually, testCluster } from "./cluster.ts";
import { acceptedDecision, batchOf, claimOf, newMerchant, requestedDecision, succeededDecision } from "./fixtures.ts";
import { newDelivery, newEndpoint, newEvent, noticeRow, outboxOf, sideOf } from "./side-fixtures.ts";

const ALL: PaymentsFilter = { status: null, createdFromMs: null, createdBeforeMs: null, merchantReference: null };

describe("what merchants look up on PostgreSQL", function () {
  this.timeout(60_000);
  let cluster: TestCluster;
  let store: ShardStore;
  let head: Activation;

  before(async function () {
    const made = await testCluster(1);
    if (made === undefined) this.skip();
    cluster = made;
  });
  after(() => cluster?.drop());
  beforeEach(async () => {
    await cluster.empty(0);
    store = cluster.open(0, "a");
    head = await activated(store, claimOf("a", 1n));
  });
  afterEach(() => store.close());

  async function commit(...decisions: Parameters<typeof batchOf>[1][number][]): Promise<void> {
    const outcome = await store.commit(head.lease, batchOf(head, decisions));
    if (outcome.kind !== "committed") throw new Error(JSON.stringify(outcome));
    head = { ...head, lastSeq: head.lastSeq + BigInt(decisions.length), lastAnchor: outcome.anchor };
  }

  it("looks at so many payments for a page in a status, and goes on behind them", async () => {
    const merchantId = newMerchant();
    const nowMs = Date.now();
    const made = Array.from({ length: LOOKED_AT_MOST + 1 }, (_, age) =>
      acceptedDecision({ merchantId, nowMs: nowMs + age }),
    );
    for (let i = 0; i < made.length; i += 500) await commit(...made.slice(i, i + 500));
    const oldest = made[0] as (typeof made)[number];
    await commit(succeededDecision(oldest.payment));
    const captured = { ...ALL, status: "captured" } as const;
    const list = async (page: Extract<Parameters<ShardStore["read"]>[1], { name: "payments" }>["page"]) => {
      const result = await store.read(merchantId, { name: "payments", filter: captured, page });
      return result?.name === "payments" ? result.found : expect.fail("no list");
    };
    const first = await list({ limit: 10, after: null });
    expect([first.items, first.hasMore]).to.deep.equal([[], true]);
    expect(first.next?.id).to.equal(made[1]?.payment.terms.id);
    const second = await list({ limit: 10, after: first.next });
    expect(second.items.map(({ terms }) => terms.id)).to.deep.equal([oldest.payment.terms.id]);
    expect([second.hasMore, second.next]).to.deep.equal([false, null]);
  });

  it("lists what came with its slot from another shard, whatever its place in that journal", async () => {
    const merchantId = newMerchant();
    const nowMs = Date.now();
    const [moved, newer] = [0, 1].map((age) => acceptedDecision({ merchantId, nowMs: nowMs + age }));
    if (moved === undefined || newer === undefined) throw new Error("two were made");
    await commit(moved, newer);
    await cluster.inShard(0, (client) =>
      client.query("UPDATE journal SET origin_shard = 5, seq = 1000000 WHERE seq = 1"),
    );
    const after = { id: newer.payment.terms.id, upToSeq: head.lastSeq };
    const result = await store.read(merchantId, { name: "payments", filter: ALL, page: { limit: 10, after } });
    expect(result?.name === "payments" && result.found.items.map(({ terms }) => terms.id)).to.deep.equal([
      moved.payment.terms.id,
    ]);
  });

  it("gives an empty page of events the cursor that it was asked with", async () => {
    const merchantId = newMerchant();
    const nowMs = Date.now();
    const made = acceptedDecision({ merchantId, nowMs });
    const other = acceptedDecision({ merchantId, nowMs: nowMs + 1 });
    const paymentId = made.payment.terms.id;
    const queries = [{ name: "events" }, { name: "paymentEvents", paymentId }] as const;
    const list = async (query: (typeof queries)[number], after: EventsCursor | null) => {
      const result = await store.read(merchantId, { ...query, page: { limit: 10, after } });
      return result?.name === query.name ? result.found : expect.fail("no list");
    };
    expect(await list({ name: "events" }, null)).to.deep.equal({ items: [], hasMore: false, next: null });
    await commit(made, other);
    for (const query of queries) {
      const { next } = await list(query, null);
      expect(next).to.not.equal(null);
      expect(await list(query, next)).to.deep.equal({ items: [], hasMore: false, next });
    }
    const last = await list({ name: "events" }, null);
    const idle = await list({ name: "events" }, last.next);
    await commit(succeededDecision(other.payment));
    const since = await list({ name: "events" }, idle.next);
    expect(since.items.map(({ payment }) => payment.terms.id)).to.deep.equal([other.payment.terms.id]);
  });

  it("answers keys and payments while a look-up waits, and gives that up in time", async () => {
    await store.close();
    store = cluster.open(0, "a", { readMs: 1_000 });
    head = await activated(store, claimOf("a", 1n));
    const t1 = acceptedDecision();
    await commit(t1);
    const { merchantId, id } = t1.payment.terms;
    await cluster.inShard(0, async (blocker) => {
      await blocker.query("BEGIN");
      await blocker.query("LOCK TABLE merchant_balance IN ACCESS EXCLUSIVE MODE");
      const balances = store.read(merchantId, { name: "balances" }).then(
        () => "answered",
        (error: unknown) => (error as { code?: string }).code,
      );
      await cluster.inShard(0, (client) =>
        eventually(async () => {
          const { rowCount } = await client.query(
            "SELECT 1 FROM pg_stat_activity WHERE application_name = 'paycluster:0:a' AND wait_event_type = 'Lock' AND datname = current_database()",
          );
          return rowCount === 0 ? undefined : true;
        }),
      );
      expect((await store.findKeys([{ merchantId, key: t1.keyRow?.key ?? "" }]))[0]?.payment?.terms.id).to.equal(id);
      expect((await store.findPayments([{ merchantId, id }]))[0]?.terms.id).to.equal(id);
      expect(await balances).to.equal("STORAGE_UNAVAILABLE");
      await blocker.query("ROLLBACK");
    });
    expect((await store.read(merchantId, { name: "balances" }))?.name, "and the connection is well").to.equal(
      "balances",
    );
  });

  it("keeps its reading connections when it settles its own doubt", async () => {
    const merchantId = newMerchant();
    await store.read(merchantId, { name: "balances" });
    await store.findKeys([{ merchantId, key: "k" }]);
    const backends = () =>
      cluster.inShard(0, async (client) => {
        const { rows } = await client.query<{ pid: number }>(
          "SELECT pid FROM pg_stat_activity WHERE application_name = 'paycluster:0:a' AND datname = current_database()",
        );
        return rows.map(({ pid }) => pid);
      });
    const before = await backends();
    expect(before).to.have.lengthOf(3);
    head = await activated(store, claimOf("a", 1n));
    const after = await backends();
    expect(before.filter((pid) => after.includes(pid))).to.have.lengthOf(2);
  });

  it("says that a list cannot be read when one of its payments cannot", async () => {
    const [t1, other] = [acceptedDecision(), acceptedDecision()];
    await commit(t1, other);
    await cluster.inShard(0, (client) => client.query("UPDATE journal SET data = 'v2:secret' WHERE seq = 1"));
    const list = (of: typeof t1) =>
      store.read(of.payment.terms.merchantId, { name: "payments", filter: ALL, page: { limit: 10, after: null } });
    const failed = await list(t1).catch((error: unknown) => error);
    expect(failed).to.include({ code: "STORAGE_UNAVAILABLE" });
    expect(String(failed)).not.to.include("secret");
    expect((await list(other))?.name).to.equal("payments");
  });

  describe("sums", () => {
    const payable = async (of: ShardStore, merchantId: ReturnType<typeof newMerchant>) => {
      const result = await of.read(merchantId, { name: "balances" });
      return result?.name === "balances" ? result.found[0]?.payableMinor : undefined;
    };
    const summedSeqs = () =>
      cluster.inShard(0, async (client) => {
        const { rows } = await client.query<{ seq: string }>("SELECT through_seq AS seq FROM merchant_balance_through");
        return rows.map(({ seq }) => BigInt(seq));
      });

    it("are made once, however many ask at once and whoever owned the shard before", async () => {
      const merchantId = newMerchant();
      for (let i = 0; i < 5; i++) await commit(...begun("automatic", 100n, { merchantId }));
      const other = cluster.open(0, "b");
      const taken = await activated(other, claimOf("b", 2n));
      const outcomes = await Promise.all([
        other.rollUpBalances(taken.lease, [merchantId]),
        store.rollUpBalances(head.lease, [merchantId]),
        other.rollUpBalances(taken.lease, [merchantId, merchantId]),
      ]);
      expect(outcomes.map(({ kind }) => kind)).to.deep.equal(["committed", "fenced", "committed"]);
      expect(await payable(other, merchantId)).to.equal(500n);
      expect(await summedSeqs()).to.deep.equal([10n]);
      await other.close();
    });

    it("are made by one at a time: who comes second sees what the first one wrote", async () => {
      const merchantId = newMerchant();
      await commit(...begun("automatic", 100n, { merchantId }));
      const { epoch, slotsVersion } = head.lease;
      const rollUp = (client: pg.Client) =>
        client.query("SELECT roll_up_balances($1, $2, ARRAY[encode($3, 'hex')::uuid], 100, '{6}')", [
          epoch,
          slotsVersion,
          Buffer.from(bytesOfId(merchantId)),
        ]);
      await cluster.inShard(0, async (first) => {
        await first.query("BEGIN");
        await rollUp(first);
        await cluster.inShard(0, async (second) => {
          const { rows } = await second.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
          const later = rollUp(second);
          await eventually(async () => {
            const waiting = await first.query(
              "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = 'Lock'",
              [rows[0]?.pid],
            );
            return waiting.rowCount === 0 ? undefined : true;
          });
          await first.query("COMMIT");
          await later;
        });
      });
      expect(await payable(store, merchantId)).to.equal(100n);
    });

    it("are exact between two of their steps, and never go back", async () => {
      const merchantId = newMerchant();
      // 60 merchants leave 100 rows of each to a call: it ends amid this one's 240.
      const merchants = [merchantId, ...Array.from({ length: 59 }, newMerchant)];
      for (let i = 0; i < 12; i++)
        await commit(...Array.from({ length: 10 }, () => begun("automatic", 100n, { merchantId })).flat());
      let before = 0n;
      for (const seq of [100n, 200n, 240n, 240n]) {
        expect((await store.rollUpBalances(head.lease, merchants)).kind).to.equal("committed");
        expect(await summedSeqs()).to.deep.equal([seq]);
        expect(await payable(store, merchantId)).to.equal(12_000n);
        expect(seq >= before).to.equal(true);
        before = seq;
      }
    });

    it("hold for every merchant's ledger as a whole", async () => {
      const merchantId = newMerchant();
      const paid = begun("automatic", 900n, { merchantId });
      const refund = requestedDecision(lastOf(paid), "refundRequested", { amountMinor: 400n });
      await commit(...paid, ...begun("manual", 70n, { merchantId }), refund);
      await store.rollUpBalances(head.lease, [merchantId]);
      const differing = await cluster.inShard(0, async (client) => {
        const { rows } = await client.query(
          `SELECT * FROM (SELECT merchant_id, account_name(account) AS account, gateway_name(gateway) AS gateway, currency::text, layer, balance
                            FROM merchant_balance) s
             FULL JOIN (SELECT merchant_id, account, gateway, currency::text, layer, balance FROM ledger_balance) l
             USING (merchant_id, account, gateway, currency, layer)
            WHERE s.balance IS DISTINCT FROM l.balance`,
        );
        return rows;
      });
      expect(differing).to.deep.equal([]);
    });
  });

  /** Rows that a statement's scans touch. */
  const rowsOf = (text: string, values: readonly unknown[]) =>
    cluster.inShard(0, async (client) => {
      await client.query("SET enable_seqscan = off; SET enable_bitmapscan = off");
      const { rows } = await client.query<Record<string, readonly { readonly Plan: Plan }[]>>(
        `EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, FORMAT JSON) ${text}`,
        [...values],
      );
      return rowsRead(rows[0]?.["QUERY PLAN"]?.[0]?.Plan);
    });

  it("finds a refund among hundreds of its payment without walking through them", async () => {
    const [first, last] = [begun("automatic", 1_000n), [] as ReturnType<typeof acceptedDecision>[]];
    await commit(...first);
    let payment = lastOf(first);
    for (let i = 0; i < 300; i++) {
      const refund = requestedDecision(payment, "refundRequested", { amountMinor: 1n, key: `refund-${i}` });
      last.push(refund);
      payment = refund.payment;
    }
    await commit(...last);
    const { id, merchantId } = payment.terms;
    const middle = last[150] as (typeof last)[number];
    const idBytes = (of: PaymentId | typeof merchantId | typeof middle.payment.operation.id) =>
      Buffer.from(bytesOfId(of));
    const uuidOf = ({ payment: { operation } }: typeof middle) => idBytes(operation.id).toString("hex");
    expect(await rowsOf(FIND_REFUND, [idBytes(merchantId), idBytes(middle.payment.operation.id)])).to.be.below(12);
    expect(await rowsOf(FIND_OPERATIONS, [`{${[middle, last.at(-1) ?? middle].map(uuidOf).join(",")}}`])).to.be.below(
      30,
    );
    expect(
      await rowsOf(LIST_REFUNDS, [idBytes(merchantId), idBytes(id), idBytes(middle.payment.operation.id), 1]),
    ).to.be.below(20);
  });

  it("reads secrets of endpoints that releases wrote before requests were noted beside them", async () => {
    const endpoint = newEndpoint();
    await store.saveOutbox(head.lease, outboxOf({ endpoints: [endpoint] }));
    await cluster.inShard(0, (client) =>
      client.query("UPDATE webhook_endpoint SET secrets = $1", [JSON.stringify([{ sealed: "AQI=", until: 7 }])]),
    );
    const [read] = (await activated(store, claimOf("a", 2n))).endpoints;
    expect(read?.secrets).to.deep.equal([{ sealed: Buffer.from([1, 2]), until: 7, madeBy: null }]);
  });

  it("looks at no more of the inbox and of the deliveries than it gives", async () => {
    const endpoint = newEndpoint();
    const nowMs = Date.now();
    const notices = Array.from({ length: 300 }, (_, i) => noticeRow({ nextTryAtMs: i % 3 === 0 ? nowMs + i : null }));
    const events = Array.from({ length: 300 }, (_, i) => newEvent(endpoint.merchantId, { createdAtMs: nowMs + i }));
    const deliveries = events.map((event, i) =>
      newDelivery(event, endpoint.id, i % 3 === 0 ? {} : { state: "delivered", nextAttemptAtMs: null }),
    );
    await store.saveSide(head.lease, sideOf({ notices }));
    await store.saveOutbox(head.lease, outboxOf({ endpoints: [endpoint], events, deliveries }));
    const [merchant, id] = [endpoint.merchantId, endpoint.id].map((of) => Buffer.from(bytesOfId(of)));
    expect(await rowsOf(WAITING, ["infinity", 5])).to.be.below(10);
    expect(await rowsOf(FIND_DELIVERIES, [id, 5])).to.be.below(15);
    expect(await rowsOf(FIND_FORSAKEN, [])).to.be.below(15);
    const before = [new Date(nowMs + 150).toISOString(), Buffer.alloc(16)];
    expect(await rowsOf(LIST_DELIVERIES, [merchant, id, ...before, 5])).to.be.below(20);
  });
});

interface Plan {
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Rows Removed by Filter"?: number;
  readonly Plans?: readonly Plan[];
}
/** Rows that the scans of a plan have touched. */
function rowsRead(plan: Plan | undefined): number {
  if (plan === undefined) return Number.NaN;
  const { Plans: below = [] } = plan;
  const own = (plan["Actual Rows"] + (plan["Rows Removed by Filter"] ?? 0)) * plan["Actual Loops"];
  return below.length === 0 ? own : below.reduce((total, one) => total + rowsRead(one), 0);
}
