/**
 * The questions of the audit. `:since` stands for the seq before the run, `:keys` for the LIKE pattern of the run's keys;
 * codes are those of actors/domain.
 */
import { POSTINGS_THAT_DIFFER } from "../../storage/index.ts";

/** Tables that the checks look into: the run's payments, and each one's operations. */
export const AUDITED: readonly string[] = [
  `CREATE TEMP TABLE audited ON COMMIT DROP AS
   SELECT payment_id, count(*) AS rows, min(version) AS first_version, max(version) AS last_version,
          count(*) FILTER (WHERE kind = 0) AS accepted, max(captured) AS captured, max(authorized) AS authorized,
          max(refunded) AS refunded, bool_or(refunded + refunding > captured) AS overdrawn,
          max(version::int8 * 16 + to_status) % 16 AS status
     FROM journal WHERE seq > :since GROUP BY payment_id`,
  `CREATE TEMP TABLE audited_operation ON COMMIT DROP AS
   SELECT payment_id, operation_id, max(operation_kind) AS kind, min(operation_kind) AS other_kind,
          count(*) FILTER (WHERE gateway_key IS NOT NULL) AS submissions,
          count(*) FILTER (WHERE reply_status IS NOT NULL) AS replies,
          max(version::int8 * 16 + operation_state) % 16 AS state
     FROM journal WHERE seq > :since GROUP BY payment_id, operation_id`,
];

export interface Check {
  readonly what: string;
  /** Only where seq counts commits without a gap and commits are anchored. */
  readonly gaplessOnly?: true;
  /** Counts what is wrong as `bad`. */
  readonly sql: string;
}

export const CHECKS: readonly Check[] = [
  {
    what: "origins whose journal has a gap",
    gaplessOnly: true,
    sql: `SELECT count(*) AS bad FROM (SELECT origin_shard FROM journal WHERE seq > :since GROUP BY origin_shard
            HAVING min(seq) <> :since + 1 OR max(seq) - min(seq) + 1 <> count(*)) x`,
  },
  {
    what: "commit anchors that do not continue the one before",
    gaplessOnly: true,
    sql: `SELECT count(*) AS bad FROM (
            SELECT first_seq, previous, lag(last_seq) OVER w AS last_before, lag(digest) OVER w AS digest_before
              FROM commit_anchor WHERE last_seq > :since WINDOW w AS (ORDER BY first_seq)) x
          WHERE last_before IS NOT NULL AND (first_seq <> last_before + 1 OR previous <> digest_before)`,
  },
  {
    what: "journal rows that no commit anchor covers",
    gaplessOnly: true,
    sql: `SELECT (SELECT count(*) FROM journal WHERE seq > :since)
               - (SELECT coalesce(sum(last_seq - first_seq + 1), 0) FROM commit_anchor WHERE last_seq > :since) AS bad`,
  },
  {
    what: "payments whose versions are not contiguous",
    sql: `SELECT count(*) AS bad FROM audited WHERE first_version <> 1 OR last_version <> rows`,
  },
  { what: "payments accepted not exactly once", sql: `SELECT count(*) AS bad FROM audited WHERE accepted <> 1` },
  {
    what: "payments with not exactly one authorize or sale",
    sql: `SELECT count(*) AS bad FROM (SELECT payment_id FROM audited_operation GROUP BY payment_id
            HAVING count(*) FILTER (WHERE kind IN (0, 1)) <> 1) x`,
  },
  {
    what: "payments with more than one capture that succeeded",
    sql: `SELECT count(*) AS bad FROM (SELECT payment_id FROM audited_operation GROUP BY payment_id
            HAVING count(*) FILTER (WHERE kind IN (1, 2) AND state = 2) > 1) x`,
  },
  {
    what: "operations not submitted exactly once",
    sql: `SELECT count(*) AS bad FROM audited_operation WHERE submissions <> 1 OR kind <> other_kind`,
  },
  {
    what: "operations that are still open",
    sql: `SELECT count(*) AS bad FROM audited_operation WHERE state IN (0, 1)`,
  },
  { what: "operations left in doubt", sql: `SELECT count(*) AS bad FROM operation_open` },
  {
    // A void of our own making has no key, so nobody is to be answered.
    what: "finished operations with not exactly one stored reply",
    sql: `SELECT count(*) AS bad FROM audited_operation o
           WHERE state IN (2, 3) AND replies <> CASE
             WHEN kind = 3 AND NOT EXISTS (SELECT 1 FROM idempotency i WHERE i.operation_id = o.operation_id) THEN 0
             ELSE 1 END`,
  },
  {
    what: "payments whose postings differ from their journal",
    sql: `SELECT count(*) AS bad FROM audited a FULL JOIN (
            SELECT payment_id, sum(CASE kind WHEN 2 THEN amount WHEN 3 THEN -amount ELSE 0 END) AS captured,
                   sum(CASE kind WHEN 0 THEN amount WHEN 1 THEN -amount ELSE 0 END) AS held,
                   sum(CASE kind WHEN 5 THEN amount WHEN 7 THEN -amount ELSE 0 END) AS refunded,
                   count(*) FILTER (WHERE kind = 2) AS captures
              FROM ledger_entry WHERE seq > :since GROUP BY payment_id) l USING (payment_id)
          WHERE a.payment_id IS NULL OR coalesce(l.captured, 0) <> a.captured OR l.captures > 1
             OR coalesce(l.held, 0) <> CASE WHEN a.status = 2 THEN a.authorized ELSE 0 END
             OR coalesce(l.refunded, 0) <> a.refunded`, // what is reserved: see the balances
  },
  {
    what: "payments refunded beyond what was captured",
    sql: `SELECT count(*) AS bad FROM audited WHERE overdrawn`,
  },
  {
    what: "balances of a payment that are not what its journal says",
    // The names of the views stand for their rows of this run: the question would read the whole database.
    sql: `WITH payment_current AS (SELECT * FROM payment_current WHERE id IN (SELECT payment_id FROM audited)),
               ledger_leg AS (SELECT * FROM ledger_leg WHERE seq > :since)
          SELECT count(*) AS bad FROM (${POSTINGS_THAT_DIFFER}) x`,
  },
  {
    what: "payments without journal, or journal without payment",
    sql: `SELECT count(*) AS bad FROM audited a
            FULL JOIN (SELECT id FROM payment WHERE idempotency_key LIKE :keys) p ON p.id = a.payment_id
          WHERE p.id IS NULL OR a.payment_id IS NULL`,
  },
  {
    what: "operations and idempotency keys that do not belong together",
    sql: `SELECT count(*) AS bad FROM (SELECT * FROM audited_operation) o
            FULL JOIN (SELECT * FROM idempotency WHERE key LIKE :keys) i
              ON i.payment_id = o.payment_id AND i.operation_id = o.operation_id
            LEFT JOIN payment p ON p.id = i.payment_id AND p.merchant_id = i.merchant_id
          WHERE o.operation_id IS NULL OR (i.operation_id IS NULL AND o.kind <> 3)
             OR (i.operation_id IS NOT NULL AND (p.id IS NULL OR (o.kind IN (0, 1) AND p.idempotency_key <> i.key)))`,
  },
];
