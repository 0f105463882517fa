/** Questions to a shard database that find books which cannot be: for tests and audits, not for the hot path. */
import { FACT } from "./codes.ts";

/**
 * Balances, per payment and account, that are not what the payment's newest journal row says: what is authorized is held,
 * what is captured and neither refunded nor disputed is owed to us, what is captured and not refunded, not being refunded
 * and not lost in a dispute is owed to the merchant, a dispute that is not lost holds its amount, and nothing else stands
 * anywhere, nor under another currency or gateway.
 */
export const POSTINGS_THAT_DIFFER = `
WITH expected AS (
  SELECT p.id AS payment_id, p.merchant_id, p.currency::text, p.gateway, x.layer, x.account, x.amount
    FROM payment_current p
   CROSS JOIN LATERAL (SELECT CASE p.status WHEN 'authorized' THEN p.authorized ELSE 0 END AS held,
                              p.captured - p.refunded AS taken, p.refunding, p.disputed,
                              CASE WHEN p.disputed > 0 AND EXISTS (
                                SELECT FROM journal WHERE payment_id = p.id AND kind = ${FACT.code("disputeLost")})
                              THEN p.disputed ELSE 0 END AS lost) a
   CROSS JOIN LATERAL (VALUES ('pending', 'gateway_receivable', a.held), ('pending', 'merchant_pending', -a.held),
                              ('posted', 'gateway_receivable', a.taken - a.disputed),
                              ('posted', 'merchant_payable', a.refunding - a.taken + a.lost),
                              ('posted', 'refunds_in_transit', -a.refunding),
                              ('posted', 'disputes_held', a.disputed - a.lost)) AS x(layer, account, amount)),
booked AS (
  SELECT payment_id, merchant_id, currency::text, gateway, layer, account, sum(signed_amount) AS amount
    FROM ledger_leg GROUP BY 1, 2, 3, 4, 5, 6)
SELECT payment_id, layer, account, e.amount AS expected, b.amount AS booked
  FROM expected e FULL JOIN booked b USING (payment_id, merchant_id, currency, gateway, layer, account)
 WHERE coalesce(e.amount, 0) <> coalesce(b.amount, 0)`;
