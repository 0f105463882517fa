/** What must never be in the inbox of notices, among the findings, and on the way to merchants; and what waits for people. */
import { IS_VISIBLE } from "./event-reads.ts";
import { isInReview, isOld, type Offenders } from "./invariant.ts";

/** The verdicts that a row of each state may bear. `received` with `applied`: what it told of is still to be given back. */
const VERDICTS = `(VALUES ('received', 'confirming'), ('received', 'operation_busy'), ('received', 'applied'),
  ('processed', 'applied'), ('processed', 'no_change'), ('processed', 'unknown_type'), ('processed', 'conflicted'),
  ('processed', 'forwarded'), ('processed', 'other_content'), ('parked', 'unknown_payment'), ('parked', 'forbidden'),
  ('spooled', 'for_another_shard'), ('quarantined', 'not_ours')) AS may(state, verdict)`;

/** Events as merchants see them: the rows of a payment that are visible, numbered. */
const VISIBLE_ROWS = `(SELECT merchant_id, payment_id, recorded_at,
    row_number() OVER (PARTITION BY payment_id ORDER BY version) AS sequence FROM journal WHERE ${IS_VISIBLE})`;
/** An endpoint is sent what happens after it was made or changed; the second is for clocks of two machines. */
const IS_LATER = (time: string): string => `${time} > w.updated_at + interval '1 second'`;

export const NEVER_BESIDE_THE_JOURNAL = {
  "H1 a notice bears a verdict that its state cannot have": `
    SELECT g.payment_id, concat_ws(' ', g.dedupe_key, g.state, g.verdict) FROM gateway_event g
     WHERE NOT EXISTS (SELECT FROM ${VERDICTS} WHERE may.state = g.state AND may.verdict = g.verdict)`,
  "H1 an applied notice has no payment that it was applied to": `
    SELECT g.payment_id, g.dedupe_key FROM gateway_event g
     WHERE g.verdict = 'applied' AND NOT EXISTS (SELECT FROM journal j WHERE j.payment_id = g.payment_id)
       AND NOT EXISTS (SELECT FROM journal j WHERE j.operation_id = g.operation_id)`,
  "H6 a notice waits longer than it may": (scope) => `
    SELECT g.payment_id, concat_ws(' ', g.type, g.state, g.verdict, g.tries, 'tries') FROM gateway_event g
     WHERE g.state IN ('received', 'spooled') AND ${isOld("g.received_at", scope)} AND NOT ${isInReview("g.payment_id")}`,
  "I12 an event has no delivery at an endpoint that wants it": (scope) => `
    SELECT j.payment_id, 'event ' || j.sequence FROM webhook_endpoint w
      JOIN ${VISIBLE_ROWS} j ON j.merchant_id = w.merchant_id AND ${IS_LATER("j.recorded_at")}
     WHERE w.status = 'enabled' AND w.event_types IS NULL AND ${isOld("j.recorded_at", scope)}
       AND NOT EXISTS (SELECT FROM merchant_event e JOIN delivery d ON d.event_id = e.id AND d.endpoint_id = w.id
                        WHERE e.payment_id = j.payment_id AND e.sequence = j.sequence)
    UNION ALL
    SELECT e.payment_id, 'event ' || e.sequence FROM webhook_endpoint w
      JOIN merchant_event e ON e.merchant_id = w.merchant_id AND ${IS_LATER("e.created_at")}
     WHERE w.status = 'enabled' AND w.event_types::jsonb ? e.type AND ${isOld("e.created_at", scope)}
       AND NOT EXISTS (SELECT FROM delivery d WHERE d.event_id = e.id AND d.endpoint_id = w.id)`,
  "I12 a delivery has no event, or an event no journal row": `
    SELECT NULL::uuid, d.event_id::text FROM delivery d WHERE NOT EXISTS (SELECT FROM merchant_event e WHERE e.id = d.event_id)
    UNION ALL
    SELECT e.payment_id, 'event ' || e.sequence FROM merchant_event e
     WHERE NOT EXISTS (SELECT FROM ${VISIBLE_ROWS} j WHERE j.payment_id = e.payment_id AND j.sequence = e.sequence
                          AND j.merchant_id = e.merchant_id)`,
} as const satisfies Readonly<Record<string, Offenders>>;

/** No contradiction, but nothing moves any more before somebody has looked. */
export const WAITS_FOR_PEOPLE = {
  "G6 a payment is in review": `
    SELECT p.id, (SELECT string_agg(class || ' ' || observed, ', ') FROM discrepancy WHERE payment_id = p.id AND state = 'open')
      FROM payment_current p WHERE ${isInReview("p.id")}`,
  "H4 a notice is parked": `
    SELECT g.payment_id, concat_ws(' ', g.type, g.verdict, g.dedupe_key) FROM gateway_event g WHERE g.state = 'parked'`,
} as const satisfies Readonly<Record<string, Offenders>>;
