/** What must hold after every history, seen from outside (faults.md §3): database, charge log and replies. */
import { expect } from "chai";
import { POSTINGS_THAT_DIFFER } from "../../../storage/index.ts";
import { readCharges } from "./charge-log.ts";
import type { Cluster } from "./cluster.ts";

interface Counted {
  readonly n: number;
}

/** Each is a query that finds what must not be. */
const NEVER: Readonly<Record<string, string>> = {
  "I5 a payment is still pending": "SELECT count(*)::int AS n FROM payment_current WHERE status = 'pending'",
  "I7 versions of a payment have a gap": `
    SELECT count(*)::int AS n FROM (SELECT payment_id FROM journal GROUP BY payment_id
      HAVING min(version) <> 1 OR max(version) <> count(*)) v`,
  "I7 the journal's seq has a gap": `
    SELECT count(*)::int AS n FROM (SELECT origin_shard FROM journal GROUP BY origin_shard
      HAVING min(seq) <> 1 OR max(seq) <> count(*)) s`,
  "I7 the lease's last seq is not the journal's": `
    SELECT count(*)::int AS n FROM shard_lease WHERE last_seq <> (SELECT coalesce(max(seq), 0) FROM journal)`,
  "I8 the ledger is not what the payments' journal rows say": `SELECT count(*)::int AS n FROM (${POSTINGS_THAT_DIFFER}) l`,
  "I10 a captured payment has not exactly one capture of its amount": `
    SELECT count(*)::int AS n FROM payment_current p WHERE status = 'captured'
      AND (SELECT coalesce(sum(amount), 0) FROM ledger_entry e WHERE e.payment_id = p.id AND e.kind = 2) <> p.captured`,
  "I10 a failed payment has postings": `
    SELECT count(*)::int AS n FROM payment_current p JOIN ledger_entry e ON e.payment_id = p.id WHERE status = 'failed'`,
  "I11 a finished operation has not exactly one stored reply": `
    SELECT count(*)::int AS n FROM payment_current p WHERE status <> 'pending'
      AND (SELECT count(*) FROM journal j WHERE j.payment_id = p.id AND j.reply_status IS NOT NULL) <> 1`,
  "I11 a payment has no key, or a key no payment": `
    SELECT (SELECT count(*) FROM payment p FULL JOIN idempotency i ON i.payment_id = p.id
      WHERE p.id IS NULL OR i.payment_id IS NULL)::int AS n`,
  "I15 an epoch decreases along the journal": `
    SELECT count(*)::int AS n FROM (SELECT epoch, lag(epoch) OVER (ORDER BY seq) AS before FROM journal) e WHERE epoch < before`,
  "an operation in doubt is noted though it ended":
    "SELECT count(*)::int AS n FROM operation_open o JOIN operation p ON p.id = o.operation_id WHERE p.state IN ('succeeded', 'failed')",
};

/** Checks all of them, and that books and charge log agree. Throws naming the first that does not hold. */
export async function expectInvariants(cluster: Cluster, except: readonly string[] = []): Promise<void> {
  for (const [name, sql] of Object.entries(NEVER)) {
    if (except.includes(name)) continue;
    const rows = await cluster.query<Counted>(sql);
    expect(
      rows.reduce((sum, { n }) => sum + n, 0),
      name,
    ).to.equal(0);
  }
  await expectBooksMatchCharges(cluster);
}

/** I1, I2, I3, I9: each payment that took or reserved money has one charge of its amount, and no other has any. */
async function expectBooksMatchCharges(cluster: Cluster): Promise<void> {
  const rows = await cluster.query<{
    id: string;
    status: string;
    amount: string;
    currency: string;
    gateway_reference: string;
  }>("SELECT id, status, amount, currency, gateway_reference FROM payment_current WHERE gateway <> 'fixed-latency'");
  const charges = readCharges(cluster.info);
  const byReference = Map.groupBy(charges, ({ gateway_reference }) => gateway_reference);
  const charged = rows.filter(({ status }) => status === "captured" || status === "authorized");
  for (const row of charged) {
    const mine = byReference.get(row.gateway_reference) ?? [];
    expect(
      mine.map(({ amount, currency }) => `${amount} ${currency}`),
      `charges of ${row.id}`,
    ).to.deep.equal([`${row.amount} ${row.currency}`]);
  }
  expect(charges.length, "charges that no payment of ours explains").to.equal(charged.length);
  const perPayment = Map.groupBy(charges, ({ payment_id }) => payment_id);
  for (const [id, mine] of perPayment) expect(mine.length, `charges of ${id}`).to.equal(1);
}
