-- Captures, voids and refunds of accepted payments, lists, and balances that stay quick to read. What earlier releases
-- wrote stays as it is; the lock on the journal keeps their nodes from writing until all of this is in.

ALTER TABLE journal
  -- Refunds that are open.
  ADD COLUMN refunding bigint NOT NULL DEFAULT 0,
  DROP CONSTRAINT journal_amounts,
  ADD CONSTRAINT journal_amounts
    CHECK (0 <= disputed AND 0 <= refunded AND 0 <= refunding AND refunded + refunding <= captured
           AND captured <= authorized AND authorized <= amount),
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
    1711,             -- cancelRequested: pending stays
    1822,             -- captureFailed: authorized stays
    1922,             -- voidFailed: authorized stays
    2033,             -- refunded: captured stays
    2133,             -- refundFailed: captured stays
    2233, 2244, 2255, 2266 -- cancelSettled: captured, failed, canceled, expired stay
  ));

-- As journal_row with `refunding`: nodes of the release before go on sending the old one (0003).
CREATE TYPE journal_row_2 AS (
  seq bigint, recorded_at timestamptz, amount bigint, authorized bigint, captured bigint, refunded bigint, refunding bigint,
  disputed bigint, operation_amount bigint, deadline_at timestamptz, version row_version, attempt integer, slot slot_number,
  kind smallint, from_status smallint, to_status smallint, operation_kind operation_kind_code,
  operation_state operation_state_code, reply_status smallint, payment_id uuid, merchant_id uuid, operation_id uuid,
  gateway_key uuid, hash sha256, cause text, gateway_reference text, data text, reply_body bytea);

-- A merchant's history in commit order, without gatewayPrepared (1), which no merchant sees and which moves no money.
CREATE INDEX journal_merchant ON journal (merchant_id, recorded_at, seq) WHERE kind <> 1;
-- The rows of a refund (4) by its id; a payment may have thousands of them.
CREATE INDEX journal_refund ON journal (operation_id, version) WHERE operation_kind = 4;
CREATE INDEX payment_merchant_reference ON payment (merchant_id, merchant_reference COLLATE "C", id)
  WHERE merchant_reference IS NOT NULL;

CREATE TABLE merchant_balance (
  balance     numeric     NOT NULL,
  merchant_id uuid        NOT NULL,
  slot        slot_number NOT NULL,
  account     ledger_account_code NOT NULL,
  gateway     gateway_code NOT NULL,
  currency    currency_code NOT NULL,
  layer       text        NOT NULL CHECK (layer IN ('pending', 'posted')),
  PRIMARY KEY (merchant_id, currency, layer, account, gateway)
) WITH (fillfactor = 50);
COMMENT ON TABLE merchant_balance IS
  'Debits less credits of the merchant''s ledger entries up to merchant_balance_through; what came later is summed when read.';

CREATE TABLE merchant_balance_through (
  through_at  timestamptz NOT NULL,
  through_seq bigint      NOT NULL,
  merchant_id uuid        PRIMARY KEY,
  slot        slot_number NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE merchant_balance_through IS 'The last row of the merchant''s history that merchant_balance has seen.';

-- Sums the next `p_rows` rows of each merchant's history up. `p_posting`: kinds of journal rows that have entries. Raises
-- PC001 unless the lease is the caller's. One at a time; the sums are made before the lease row is locked, for what
-- stands in the journal never changes: commits wait only for the writing of a few rows.
CREATE FUNCTION roll_up_balances(p_epoch bigint, p_slots_version bigint, p_merchants uuid[], p_rows integer,
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
     WHERE t.kind = ANY (p_posting)
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

-- What earlier releases booked.
INSERT INTO merchant_balance
SELECT sum(l.signed_amount), e.merchant_id, e.slot, l.account, e.gateway, e.currency, ledger_layer(e.kind)
  FROM ledger_entry e CROSS JOIN LATERAL (VALUES (e.debit, e.amount), (e.credit, -e.amount)) AS l(account, signed_amount)
 GROUP BY e.merchant_id, e.slot, l.account, e.gateway, e.currency, ledger_layer(e.kind);
INSERT INTO merchant_balance_through
SELECT DISTINCT ON (merchant_id) recorded_at, seq, merchant_id, slot FROM journal WHERE kind <> 1
 ORDER BY merchant_id, recorded_at DESC, seq DESC;

CREATE OR REPLACE FUNCTION fact_name(code smallint) RETURNS text IMMUTABLE LANGUAGE sql
  RETURN (ARRAY['accepted', 'gatewayPrepared', 'gatewayProcessing', 'outcomeUnknown', 'conflicted', 'authorized',
    'captured', 'declined', 'notSubmitted', 'voided', 'authorizationExpired', 'lateAuthorized', 'lateCaptured',
    'deadlinePassed', 'captureRequested', 'voidRequested', 'refundRequested', 'cancelRequested', 'captureFailed',
    'voidFailed', 'refunded', 'refundFailed', 'cancelSettled'])[code + 1];

-- A view's new columns stand behind its old ones.
CREATE OR REPLACE VIEW payment_current AS
SELECT p.id, p.merchant_id, p.slot, p.amount, p.currency, status_name(j.to_status) AS status,
       capture_method_name(p.capture_method) AS capture_method, j.authorized, j.captured, j.refunded, j.disputed,
       gateway_name(p.gateway) AS gateway, p.gateway_account, j.gateway_reference, p.idempotency_key,
       p.merchant_reference, p.description, p.metadata, j.operation_id,
       operation_kind_name(j.operation_kind) AS operation_kind, operation_state_name(j.operation_state) AS operation_state,
       fact_name(j.kind) AS last_fact, j.data, j.version, p.created_at, j.recorded_at AS updated_at, j.refunding
  FROM payment p
 CROSS JOIN LATERAL (SELECT * FROM journal WHERE payment_id = p.id ORDER BY version DESC LIMIT 1) j;

CREATE OR REPLACE VIEW payment_timeline AS
SELECT payment_id, version, fact_name(kind) AS fact, status_name(from_status) AS from_status,
       status_name(to_status) AS to_status, operation_id, operation_state_name(operation_state) AS operation_state,
       authorized, captured, refunded, disputed, gateway_reference, cause, data, epoch, origin_shard, seq, recorded_at,
       refunding, operation_kind_name(operation_kind) AS operation_kind
  FROM journal;

GRANT SELECT, INSERT, UPDATE ON merchant_balance, merchant_balance_through TO paycluster_app;
