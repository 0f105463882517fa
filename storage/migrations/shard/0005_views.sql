-- For people: names instead of codes, the state instead of the history.

CREATE FUNCTION status_name(code smallint) RETURNS text IMMUTABLE LANGUAGE sql
  RETURN (ARRAY['created', 'pending', 'authorized', 'captured', 'failed', 'canceled', 'expired'])[code + 1];
CREATE FUNCTION fact_name(code smallint) RETURNS text IMMUTABLE LANGUAGE sql
  RETURN (ARRAY['accepted', 'gatewayPrepared', 'gatewayProcessing', 'outcomeUnknown', 'conflicted', 'authorized',
    'captured', 'declined', 'notSubmitted', 'voided', 'authorizationExpired', 'lateAuthorized', 'lateCaptured',
    'deadlinePassed'])[code + 1];
CREATE FUNCTION operation_kind_name(code smallint) RETURNS text IMMUTABLE LANGUAGE sql
  RETURN (ARRAY['authorize', 'sale', 'capture', 'void', 'refund'])[code + 1];
CREATE FUNCTION operation_state_name(code smallint) RETURNS text IMMUTABLE LANGUAGE sql
  RETURN (ARRAY['submitted', 'unknown', 'succeeded', 'failed'])[code + 1];
CREATE FUNCTION gateway_name(code smallint) RETURNS text IMMUTABLE LANGUAGE sql
  RETURN (ARRAY['stripe', 'adyen', 'fixed-latency'])[code + 1];
CREATE FUNCTION capture_method_name(code smallint) RETURNS text IMMUTABLE LANGUAGE sql
  RETURN (ARRAY['automatic', 'manual'])[code + 1];
CREATE FUNCTION account_name(code smallint) RETURNS text IMMUTABLE LANGUAGE sql
  RETURN (ARRAY['gateway_receivable', 'merchant_pending', 'merchant_payable', 'gateway_fees', 'refunds_in_transit',
    'disputes_held', 'fx_gain_loss', 'bank_in_transit', 'bank', 'settlement_clearing', 'suspense'])[code + 1];
CREATE FUNCTION ledger_kind_name(code smallint) RETURNS text IMMUTABLE LANGUAGE sql
  RETURN (ARRAY['hold', 'hold_release', 'capture', 'capture_reverse', 'refund_reserve', 'refund_settle',
    'refund_release', 'refund_unsettle'])[code + 1];
-- Holds live in a layer of their own, which never mixes with posted balances.
CREATE FUNCTION ledger_layer(kind smallint) RETURNS text IMMUTABLE LANGUAGE sql
  RETURN CASE WHEN kind IN (0, 1) THEN 'pending' ELSE 'posted' END;

CREATE VIEW payment_current AS
SELECT p.id, p.merchant_id, p.slot, p.amount, p.currency, status_name(j.to_status) AS status,
       capture_method_name(p.capture_method) AS capture_method, j.authorized, j.captured, j.refunded, j.disputed,
       gateway_name(p.gateway) AS gateway, p.gateway_account, j.gateway_reference, p.idempotency_key,
       p.merchant_reference, p.description, p.metadata, j.operation_id,
       operation_kind_name(j.operation_kind) AS operation_kind, operation_state_name(j.operation_state) AS operation_state,
       fact_name(j.kind) AS last_fact, j.data, j.version, p.created_at, j.recorded_at AS updated_at
  FROM payment p
 CROSS JOIN LATERAL (SELECT * FROM journal WHERE payment_id = p.id ORDER BY version DESC LIMIT 1) j;

CREATE VIEW payment_timeline AS
SELECT payment_id, version, fact_name(kind) AS fact, status_name(from_status) AS from_status,
       status_name(to_status) AS to_status, operation_id, operation_state_name(operation_state) AS operation_state,
       authorized, captured, refunded, disputed, gateway_reference, cause, data, epoch, origin_shard, seq, recorded_at
  FROM journal;

CREATE VIEW operation AS
SELECT s.operation_id AS id, s.payment_id, s.merchant_id, s.slot, operation_kind_name(s.operation_kind) AS kind,
       operation_state_name(n.operation_state) AS state, s.operation_amount AS amount, s.gateway_key, s.attempt,
       s.epoch AS created_epoch, s.recorded_at AS submitted_at, s.deadline_at, o.tries, o.next_check_at
  FROM journal s
 CROSS JOIN LATERAL (SELECT operation_state FROM journal
                      WHERE payment_id = s.payment_id AND operation_id = s.operation_id
                      ORDER BY version DESC LIMIT 1) n
  LEFT JOIN operation_open o ON o.operation_id = s.operation_id
 WHERE s.gateway_key IS NOT NULL;

CREATE VIEW idempotency_reply AS
SELECT i.merchant_id, i.key, i.route, i.payment_id, i.operation_id, r.reply_status, r.reply_body
  FROM idempotency i
  LEFT JOIN LATERAL (SELECT reply_status, reply_body FROM journal
                      WHERE payment_id = i.payment_id AND operation_id = i.operation_id AND reply_status IS NOT NULL
                      ORDER BY version LIMIT 1) r ON true;

CREATE VIEW ledger_leg AS
SELECT e.operation_id, e.payment_id, e.merchant_id, e.slot, ledger_kind_name(e.kind) AS kind, ledger_layer(e.kind) AS layer,
       account_name(l.account) AS account, l.side, CASE l.side WHEN 'debit' THEN e.amount ELSE -e.amount END AS signed_amount,
       e.amount, e.currency, gateway_name(e.gateway) AS gateway, e.seq
  FROM ledger_entry e
 CROSS JOIN LATERAL (VALUES (e.debit, 'debit'), (e.credit, 'credit')) AS l(account, side);

CREATE VIEW ledger_balance AS
SELECT merchant_id, account, gateway, currency, layer,
       sum(amount) FILTER (WHERE side = 'debit') AS debits, sum(amount) FILTER (WHERE side = 'credit') AS credits,
       sum(signed_amount) AS balance, count(*) AS legs
  FROM ledger_leg
 GROUP BY merchant_id, account, gateway, currency, layer;
