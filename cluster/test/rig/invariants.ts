/** What must hold after every history, seen from outside (faults.md §3): database, charge log and replies. */
import { expect } from "chai";
import { POSTINGS_THAT_DIFFER } from "../../../storage/index.ts";
import { expectBooksMatchCharges } from "./books.ts";
import type { Cluster } from "./cluster.ts";

interface Counted {
  readonly n: number;
}

const count = (from: string): string => `SELECT count(*)::int AS n FROM ${from}`;
const OPEN = "('submitted', 'unknown')";
const ENDED = "('succeeded', 'failed')";

/** Each is a query that finds what must not be. Ledger kinds: 0 hold, 1 its release, 2 capture, 4-6 refund reserve, settle, release. */
const NEVER = {
  // Adyen tells the end of a cancel by webhook only.
  "I5 a payment is still pending": count(`payment_current p WHERE status = 'pending' AND NOT (gateway = 'adyen'
      AND EXISTS (SELECT FROM payment_timeline t WHERE t.payment_id = p.id AND t.fact = 'cancelRequested'))`),
  "I5 an operation is still open": count(`operation o JOIN payment_current p ON p.id = o.payment_id
      WHERE o.state IN ${OPEN} AND p.gateway <> 'adyen'`),
  "I7 versions of a payment have a gap": count(`(SELECT payment_id FROM journal GROUP BY payment_id
      HAVING min(version) <> 1 OR max(version) <> count(*)) v`),
  "I7 the journal's seq has a gap": count(`(SELECT origin_shard FROM journal GROUP BY origin_shard
      HAVING min(seq) <> 1 OR max(seq) <> count(*)) s`),
  "I7 the lease's last seq is not the journal's": count(
    "shard_lease WHERE last_seq <> (SELECT coalesce(max(seq), 0) FROM journal)",
  ),
  "I8 the ledger is not what the payments' journal rows say": count(`(${POSTINGS_THAT_DIFFER}) l`),
  "I10 a payment has not exactly one capture posting of what it captured": count(`payment_current p LEFT JOIN
      (SELECT payment_id, count(*) AS n, sum(amount) AS amount FROM ledger_entry WHERE kind = 2 GROUP BY 1) c
      ON c.payment_id = p.id
      WHERE coalesce(c.n, 0) <> (p.captured > 0)::int OR coalesce(c.amount, 0) <> p.captured`),
  "I10 a failed payment has postings": count(
    "payment_current p JOIN ledger_entry e ON e.payment_id = p.id WHERE status = 'failed'",
  ),
  "I10 a hold was not released exactly once when it ended, or before": count(`payment_current p JOIN
      (SELECT payment_id, count(*) FILTER (WHERE kind = 0) AS held, count(*) FILTER (WHERE kind = 1) AS released,
              sum(CASE kind WHEN 0 THEN amount ELSE -amount END) AS rest
         FROM ledger_entry WHERE kind IN (0, 1) GROUP BY 1) h ON h.payment_id = p.id
      WHERE held <> 1 OR released <> (status <> 'authorized')::int
         OR rest <> CASE status WHEN 'authorized' THEN authorized ELSE 0 END`),
  "I11 an ended operation that was asked for has not exactly one stored reply, or an open one has any":
    count(`idempotency i JOIN operation o ON o.id = i.operation_id AND o.payment_id = i.payment_id
      WHERE (SELECT count(*) FROM journal j WHERE j.payment_id = i.payment_id AND j.operation_id = i.operation_id
                AND j.reply_status IS NOT NULL) <> (o.state IN ${ENDED})::int`),
  "I11 a reply answers no key": count(`journal j LEFT JOIN idempotency i
      ON i.operation_id = j.operation_id AND i.payment_id = j.payment_id
      WHERE j.reply_status IS NOT NULL AND i.key IS NULL`),
  "I11 an operation has no key and is no compensation, or has one and is": count(`journal s LEFT JOIN idempotency i
      ON i.operation_id = s.operation_id AND i.payment_id = s.payment_id
      WHERE s.gateway_key IS NOT NULL AND (i.key IS NULL) <> (s.cause = 'compensation')`),
  "I11 a key has no operation, or an operation two keys": count(`idempotency i WHERE
      (SELECT count(*) FROM journal s WHERE s.payment_id = i.payment_id AND s.operation_id = i.operation_id
          AND s.gateway_key IS NOT NULL) <> 1
      OR EXISTS (SELECT FROM idempotency k WHERE k.operation_id = i.operation_id AND k.key <> i.key)`),
  "I11 a payment has no history": count("payment p WHERE NOT EXISTS (SELECT FROM journal WHERE payment_id = p.id)"),
  "I15 an epoch decreases along the journal": count(
    "(SELECT epoch, lag(epoch) OVER (ORDER BY seq) AS before FROM journal) e WHERE epoch < before",
  ),
  "I19 two operations have one gateway key": count(
    "(SELECT gateway_key FROM journal WHERE gateway_key IS NOT NULL GROUP BY 1 HAVING count(*) > 1) k",
  ),
  "I20 refunds are not what the payment says of them, or more than was captured": count(`payment_current p LEFT JOIN
      (SELECT payment_id, coalesce(sum(amount) FILTER (WHERE state IN ${OPEN}), 0) AS open,
              coalesce(sum(amount) FILTER (WHERE state = 'succeeded'), 0) AS done
         FROM operation WHERE kind = 'refund' GROUP BY 1) r ON r.payment_id = p.id
      WHERE coalesce(r.open, 0) <> p.refunding OR coalesce(r.done, 0) <> p.refunded
         OR p.refunding + p.refunded > p.captured`),
  "I20 a refund is not reserved once and then settled, released or open": count(`operation o CROSS JOIN LATERAL
      (SELECT count(*) FILTER (WHERE kind = 4) AS reserved, count(*) FILTER (WHERE kind = 5) AS settled,
              count(*) FILTER (WHERE kind = 6) AS released, count(*) AS n,
              coalesce(bool_and(amount = o.amount), false) AS exact
         FROM ledger_entry WHERE operation_id = o.id) e
      WHERE o.kind = 'refund' AND (NOT exact OR reserved <> 1 OR settled <> (o.state = 'succeeded')::int
         OR released <> (o.state = 'failed')::int OR n <> reserved + settled + released)`),
  "an operation in doubt is noted though it ended": count(
    `operation_open o JOIN operation p ON p.id = o.operation_id WHERE p.state IN ${ENDED}`,
  ),
} as const;

export type InvariantName = keyof typeof NEVER;

/** Checks all of them, and that books and charge log agree. Throws naming the first that does not hold. */
export async function expectInvariants(cluster: Cluster, except: readonly InvariantName[] = []): Promise<void> {
  await cluster.query("ANALYZE"); // these tables are analyzed too rarely for joins of all their rows
  for (const [name, sql] of Object.entries(NEVER)) {
    if (except.some((one) => one === name)) continue;
    const rows = await cluster.query<Counted>(sql);
    expect(
      rows.reduce((sum, { n }) => sum + n, 0),
      name,
    ).to.equal(0);
  }
  const apart = await expectBooksMatchCharges(cluster);
  if (apart.length > 0) console.log(`      counted apart, for Adyen tells their end by webhook: ${apart.join(", ")}`);
}
