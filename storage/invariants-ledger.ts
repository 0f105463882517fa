/** What must never be in the ledger, beside the journal rows that its postings come from. */
import { FACT_KINDS, postingsOf } from "../actors/domain/index.ts";
import { POSTINGS_THAT_DIFFER } from "./book-checks.ts";
import { FACT, LEDGER_KIND, STATUS } from "./codes.ts";
import { facts, isInReview, isOld, type Offenders, statuses } from "./invariant.ts";

const LATE_SUCCESS = facts("lateAuthorized", "lateCaptured");

/** Rows (fact, whether it found a hold, kinds of its postings), by the domain's own table. */
const POSTING_KINDS = FACT_KINDS.flatMap((fact) =>
  [false, true].map((isHeld) => {
    const kinds = postingsOf(fact, { heldMinor: isHeld ? 1n : 0n, amountMinor: 1n })
      .map(({ kind }) => LEDGER_KIND.code(kind))
      .sort((a, b) => a - b);
    return `(${FACT.code(fact)}, ${isHeld}, '{${kinds.join()}}'::int[])`;
  }),
).join(", ");

/** Sums per payment, or per operation: count and amount of each kind. */
const sumsBy = (column: string): string =>
  `(SELECT ${column}, ${LEDGER_KIND.words
    .map((kind) => {
      const filter = `FILTER (WHERE kind = ${LEDGER_KIND.code(kind)})`;
      return `count(*) ${filter} AS ${kind}_n, coalesce(sum(amount) ${filter}, 0) AS ${kind}`;
    })
    .join(", ")} FROM ledger_entry GROUP BY ${column})`;

export const NEVER_IN_LEDGER = {
  "I8 the ledger is not what the payments' journal rows say": `
    SELECT payment_id, concat_ws(' ', layer, account, expected, 'not', booked) FROM (${POSTINGS_THAT_DIFFER}) l`,
  "I8 rolled-up balances are not the sums of their postings": `
    SELECT NULL::uuid, concat_ws(' ', merchant_id, account_name(account), currency, balance, 'not', booked)
      FROM merchant_balance b FULL JOIN (
        SELECT e.merchant_id, l.account, e.gateway::smallint, e.currency::text, ledger_layer(e.kind) AS layer,
               sum(l.signed) AS booked
          FROM merchant_balance_through t
          JOIN ledger_entry e ON e.merchant_id = t.merchant_id
          JOIN journal j ON j.operation_id = e.operation_id AND j.seq = e.seq
           AND (j.recorded_at, j.seq) <= (t.through_at, t.through_seq)
         CROSS JOIN LATERAL (VALUES (e.debit, e.amount), (e.credit, -e.amount)) AS l(account, signed)
         GROUP BY 1, 2, 3, 4, 5) s USING (merchant_id, account, gateway, currency, layer)
     WHERE coalesce(balance, 0) <> coalesce(booked, 0)`,
  "I10 a payment has not exactly one capture posting of what it captured": `
    SELECT p.id, concat_ws(' ', 'captured', p.captured) FROM payment_current p
      LEFT JOIN ${sumsBy("payment_id")} e ON e.payment_id = p.id
     WHERE coalesce(capture_n, 0) > 1 OR coalesce(capture_n - capture_reverse_n, 0) <> (p.captured > 0)::int
        OR coalesce(capture - capture_reverse, 0) <> p.captured`,
  "I10 a failed payment has postings": `
    SELECT p.id, string_agg(ledger_kind_name(e.kind), ', ') FROM payment_current p
      JOIN ledger_entry e ON e.payment_id = p.id WHERE p.status = 'failed' GROUP BY p.id`,
  "I10 a hold was not released exactly once when it ended, or before": `
    SELECT p.id, p.status FROM payment_current p JOIN ${sumsBy("payment_id")} e ON e.payment_id = p.id
     WHERE hold_n + hold_release_n > 0 AND (hold_n <> 1 OR hold_release_n <> (p.status <> 'authorized')::int
        OR hold - hold_release <> CASE p.status WHEN 'authorized' THEN p.authorized ELSE 0 END)`,
  "I10 a canceled payment keeps money": `
    SELECT id, concat_ws(' ', captured, 'captured', refunded, 'refunded') FROM payment_current
     WHERE status = 'canceled' AND (captured <> refunded OR refunding <> 0)`,
  "I10 a late success was not given back": (scope) => `
    SELECT p.id, p.status FROM payment_current p
     WHERE p.status <> 'canceled' AND ${isOld("p.updated_at", scope)} AND NOT ${isInReview("p.id")}
       AND EXISTS (SELECT FROM journal j WHERE j.payment_id = p.id AND j.kind IN ${LATE_SUCCESS})`,
  "I10 a compensation gives nothing back, or a captured payment was canceled that had no late success": `
    SELECT s.payment_id, 'version ' || s.version FROM journal s
     WHERE s.cause = 'compensation' AND s.gateway_key IS NOT NULL
           AND s.kind NOT IN ${facts("voidRequested", "refundRequested", "cancelRequested")}
        OR s.kind IN ${facts("cancelRequested")} AND s.from_status IN ${statuses("captured")}
           AND (s.cause <> 'compensation' OR NOT EXISTS (
             SELECT FROM journal l WHERE l.payment_id = s.payment_id AND l.version < s.version AND l.kind IN ${LATE_SUCCESS}))`,
  "I11 a journal row has not exactly the postings of its fact": `
    SELECT coalesce(j.payment_id, e.payment_id), coalesce('version ' || j.version, 'postings without a row')
      FROM journal j FULL JOIN (
        SELECT operation_id, seq, (array_agg(payment_id))[1] AS payment_id, array_agg(kind::int ORDER BY kind) AS kinds
          FROM ledger_entry GROUP BY operation_id, seq) e ON e.operation_id = j.operation_id AND e.seq = j.seq
      LEFT JOIN (VALUES ${POSTING_KINDS}) x(fact, is_held, kinds)
        ON x.fact = j.kind AND x.is_held = (j.from_status = ${STATUS.code("authorized")})
     WHERE coalesce(e.kinds, '{}') IS DISTINCT FROM x.kinds OR e.payment_id <> j.payment_id`,
  "I20 refunds are not what the payment says of them, or more than was captured": `
    SELECT p.id, concat_ws(' ', p.refunded, 'refunded', p.refunding, 'open of', p.captured) FROM payment_current p
      LEFT JOIN (
        SELECT payment_id, coalesce(sum(amount) FILTER (WHERE state IN ('submitted', 'unknown')), 0) AS open,
               coalesce(sum(amount) FILTER (WHERE state = 'succeeded'), 0) AS done
          FROM operation WHERE kind = 'refund' GROUP BY 1) r ON r.payment_id = p.id
     WHERE coalesce(r.open, 0) <> p.refunding OR coalesce(r.done, 0) <> p.refunded
        OR p.refunding + p.refunded > p.captured`,
  "I20 a refund is not reserved once and then settled, released or open": `
    SELECT o.payment_id, o.state FROM operation o LEFT JOIN ${sumsBy("operation_id")} e ON e.operation_id = o.id
     WHERE o.kind = 'refund' AND (coalesce(refund_reserve_n, 0) <> 1 OR refund_reserve <> o.amount
        OR refund_settle_n <> (o.state = 'succeeded')::int + refund_unsettle_n OR refund_settle_n > 1
        OR refund_settle <> refund_settle_n * o.amount OR refund_unsettle <> refund_unsettle_n * o.amount
        OR refund_release_n <> (o.state = 'failed')::int OR refund_release <> refund_release_n * o.amount
        OR refund_unsettle_n > refund_release_n)`,
  "I20 a dispute's postings are not what the payment says of it": `
    SELECT p.id, concat_ws(' ', d.funds, d.amount, 'disputed', p.disputed) FROM payment_current p
      LEFT JOIN ${sumsBy("payment_id")} e ON e.payment_id = p.id
     CROSS JOIN LATERAL (
       SELECT p.data::jsonb #>> '{dispute,funds}' AS funds, (p.data::jsonb #>> '{dispute,amount}')::numeric AS amount) d
     WHERE (p.disputed > 0 OR p.data LIKE '%"dispute"%' OR e.dispute_hold_n > 0)
       AND (p.disputed <> coalesce(dispute_hold - dispute_release, 0)
         OR p.disputed <> CASE WHEN d.funds IN ('held', 'lost') THEN d.amount ELSE 0 END
         OR coalesce(dispute_loss, 0) <> CASE d.funds WHEN 'lost' THEN d.amount ELSE 0 END)`,
  "I28 a late fact has no finding": `
    SELECT j.payment_id, fact_name(j.kind) FROM journal j
     WHERE j.kind IN ${facts("lateAuthorized", "lateCaptured", "captureReversed", "refundReversed")}
       AND NOT EXISTS (SELECT FROM discrepancy d WHERE d.payment_id = j.payment_id AND d.class = CASE
         WHEN j.kind IN ${LATE_SUCCESS} THEN 'D03' WHEN j.kind IN ${facts("captureReversed")} THEN 'D01' ELSE 'D19' END)`,
} as const satisfies Readonly<Record<string, Offenders>>;
