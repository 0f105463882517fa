-- Late facts and disputes, the inbox of gateways' notices, endpoints of merchants and what is delivered to them. Nodes of
-- the release before go on writing what they wrote; of the tables for notices, findings and deliveries they know none.

ALTER TABLE journal
  DROP CONSTRAINT journal_transition,
  -- Legal transitions, the table NEXT_STATUS: fact * 100 + from * 10 + to.
  ADD CONSTRAINT journal_transition CHECK (kind * 100 + from_status * 10 + to_status IN (
    001,              -- accepted: created -> pending
    111,              -- gatewayPrepared: pending stays
    211, 222, 233,    -- gatewayProcessing: pending, authorized, captured stay
    311, 322, 333,    -- outcomeUnknown: pending, authorized, captured stay
    411, 422, 433,    -- conflicted: pending, authorized, captured stay
    512,              -- authorized: pending -> authorized
    613, 623,         -- captured: pending, authorized -> captured
    714,              -- declined: pending -> failed
    814,              -- notSubmitted: pending -> failed
    915, 925,         -- voided: pending, authorized -> canceled
    1026,             -- authorizationExpired: authorized -> expired
    1142, 1152, 1162, -- lateAuthorized: failed, canceled, expired -> authorized
    1243, 1253, 1263, -- lateCaptured: failed, canceled, expired -> captured
    1311, 1322, 1333, -- deadlinePassed: pending, authorized, captured stay
    1422,             -- captureRequested: authorized stays
    1522,             -- voidRequested: authorized stays
    1633,             -- refundRequested: captured stays
    1711, 1733,       -- cancelRequested: pending, captured stay
    1822,             -- captureFailed: authorized stays
    1922,             -- voidFailed: authorized stays
    2033,             -- refunded: captured stays
    2133,             -- refundFailed: captured stays
    2233,             -- cancelSettled: captured stays; only the release before wrote it
    2235, 2244, 2255, 2266, -- cancelSettled: captured -> canceled; failed, canceled, expired stay
    2333,             -- captureReversed: captured stays
    2433, 2455,       -- refundReversed: captured, canceled stay
    2533, 2555,       -- disputeUpdated: captured, canceled stay
    2633, 2655,       -- disputeHeld: captured, canceled stay
    2733, 2755,       -- disputeReleased: captured, canceled stay
    2833, 2855        -- disputeLost: captured, canceled stay
  ));

ALTER DOMAIN ledger_kind_code DROP CONSTRAINT ledger_kind_code_check;
ALTER DOMAIN ledger_kind_code ADD CONSTRAINT ledger_kind_code_check CHECK (VALUE BETWEEN 0 AND 10);

-- The rows of a capture, void or refund (2, 3, 4) by its id. Takes the place of the index of refunds alone.
CREATE INDEX journal_later ON journal (operation_id, version) WHERE operation_kind >= 2;
DROP INDEX journal_refund;

-- Set: the key made an endpoint, whose uuid stands in payment_id and operation_id. Costs the other rows nothing.
ALTER TABLE idempotency ADD COLUMN of_endpoint boolean CHECK (of_endpoint);

-- Nothing wrote notices or deliveries before, so there is nothing to carry over: with rows in them this would fail.
ALTER TABLE gateway_event
  DROP COLUMN payload,
  DROP CONSTRAINT gateway_event_state_check,
  ADD CONSTRAINT gateway_event_state_check
    CHECK (state IN ('received', 'processed', 'parked', 'spooled', 'quarantined')),
  ADD COLUMN next_try_at  timestamptz,
  ADD COLUMN tries        integer NOT NULL CHECK (tries >= 0),
  ADD COLUMN operation_id uuid,
  ADD COLUMN body_hash    sha256  NOT NULL,
  ADD COLUMN type         text    NOT NULL,
  ADD COLUMN verdict      text    NOT NULL,
  -- The whole notice as it was verified, compact JSON; columns that repeat it are for look-ups.
  ADD COLUMN notice       text    NOT NULL,
  ADD CONSTRAINT gateway_event_processed
    CHECK ((state = 'processed') = (processed_at IS NOT NULL)),
  SET (fillfactor = 70);
-- In the order in which they are decided anew.
CREATE INDEX gateway_event_waiting ON gateway_event (next_try_at, gateway, dedupe_key) WHERE next_try_at IS NOT NULL;

ALTER TABLE discrepancy
  ALTER COLUMN id SET DEFAULT gen_random_uuid(),
  ADD CONSTRAINT discrepancy_resolved CHECK ((state = 'resolved') = (resolved_at IS NOT NULL));

CREATE TABLE webhook_endpoint (
  created_at      timestamptz NOT NULL,
  updated_at      timestamptz NOT NULL,
  cursor_at       timestamptz,
  cursor_seq      bigint,
  slot            slot_number NOT NULL,
  id              uuid        PRIMARY KEY,
  merchant_id     uuid        NOT NULL,
  url             text        NOT NULL,
  event_types     text,
  status          text        NOT NULL CHECK (status IN ('enabled', 'disabled')),
  disabled_because text,
  -- Sealed, the newest first, each with its end: JSON.
  secrets         text        NOT NULL,
  idempotency_key request_key NOT NULL,
  fingerprint     sha256      NOT NULL,
  CONSTRAINT webhook_endpoint_cursor CHECK ((cursor_at IS NULL) = (cursor_seq IS NULL))
) WITH (fillfactor = 50);
COMMENT ON TABLE webhook_endpoint IS 'Receivers of events, and behind which row of its merchant''s history each stands.';
CREATE INDEX webhook_endpoint_merchant ON webhook_endpoint (merchant_id, id);

ALTER TABLE delivery
  ADD COLUMN created_at      timestamptz NOT NULL,
  ADD COLUMN last_attempt_at timestamptz,
  ADD COLUMN merchant_id     uuid NOT NULL,
  ADD COLUMN last_failure    text,
  SET (fillfactor = 70);
CREATE INDEX delivery_waiting ON delivery (endpoint_id, next_attempt_at, event_id) WHERE state = 'waiting';
-- Lists, newest first.
CREATE INDEX delivery_endpoint ON delivery (endpoint_id, created_at, event_id);

-- As before (0008), but rows of kinds that came since (above 22) are summed up by nodes of earlier releases too: they do
-- not name them in `p_posting`, and would leave them out for ever.
CREATE OR REPLACE FUNCTION roll_up_balances(p_epoch bigint, p_slots_version bigint, p_merchants uuid[], p_rows integer,
                                            p_posting smallint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_through merchant_balance_through[];
  v_sums merchant_balance[];
BEGIN
  PERFORM pg_advisory_xact_lock(7290117);
  WITH tail AS MATERIALIZED (
    SELECT j.* FROM (SELECT DISTINCT unnest(p_merchants) AS id) m
      LEFT JOIN merchant_balance_through t ON t.merchant_id = m.id
     CROSS JOIN LATERAL (
       SELECT recorded_at, seq, slot, kind, merchant_id, operation_id FROM journal
        WHERE merchant_id = m.id AND kind <> 1
          AND (recorded_at, seq) > (coalesce(t.through_at, '-infinity'), coalesce(t.through_seq, 0))
        ORDER BY recorded_at, seq LIMIT p_rows) j),
  ends AS (
    SELECT DISTINCT ON (merchant_id) recorded_at, seq, merchant_id, slot FROM tail
     ORDER BY merchant_id, recorded_at DESC, seq DESC),
  sums AS (
    SELECT sum(l.signed_amount) AS balance, e.merchant_id, e.slot, l.account, e.gateway, e.currency, ledger_layer(e.kind) AS layer
      FROM tail t
      JOIN ledger_entry e ON e.operation_id = t.operation_id AND e.seq = t.seq
     CROSS JOIN LATERAL (VALUES (e.debit, e.amount), (e.credit, -e.amount)) AS l(account, signed_amount)
     WHERE t.kind = ANY (p_posting) OR t.kind > 22
     GROUP BY e.merchant_id, e.slot, l.account, e.gateway, e.currency, ledger_layer(e.kind))
  SELECT (SELECT array_agg(ROW (e.*)::merchant_balance_through) FROM ends e),
         (SELECT array_agg(ROW (s.*)::merchant_balance) FROM sums s)
    INTO v_through, v_sums;
  PERFORM shard_renew(p_epoch, p_slots_version);
  INSERT INTO merchant_balance_through SELECT * FROM unnest(v_through)
    ON CONFLICT (merchant_id) DO UPDATE SET through_at = excluded.through_at, through_seq = excluded.through_seq;
  INSERT INTO merchant_balance SELECT * FROM unnest(v_sums)
    ON CONFLICT (merchant_id, currency, layer, account, gateway)
    DO UPDATE SET balance = merchant_balance.balance + excluded.balance;
END $$;

CREATE OR REPLACE FUNCTION fact_name(code smallint) RETURNS text IMMUTABLE LANGUAGE sql
  RETURN (ARRAY['accepted', 'gatewayPrepared', 'gatewayProcessing', 'outcomeUnknown', 'conflicted', 'authorized',
    'captured', 'declined', 'notSubmitted', 'voided', 'authorizationExpired', 'lateAuthorized', 'lateCaptured',
    'deadlinePassed', 'captureRequested', 'voidRequested', 'refundRequested', 'cancelRequested', 'captureFailed',
    'voidFailed', 'refunded', 'refundFailed', 'cancelSettled', 'captureReversed', 'refundReversed', 'disputeUpdated',
    'disputeHeld', 'disputeReleased', 'disputeLost'])[code + 1];
CREATE OR REPLACE FUNCTION ledger_kind_name(code smallint) RETURNS text IMMUTABLE LANGUAGE sql
  RETURN (ARRAY['hold', 'hold_release', 'capture', 'capture_reverse', 'refund_reserve', 'refund_settle',
    'refund_release', 'refund_unsettle', 'dispute_hold', 'dispute_release', 'dispute_loss'])[code + 1];

GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_endpoint TO paycluster_app;
