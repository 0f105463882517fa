-- What happened to money: insert-only tables of one shard. Codes are positions in the tables of actors/domain
-- (storage/schema.test.ts compares them). Wide columns first: no padding. No foreign keys: the writer is alone,
-- rows of a payment stand in one transaction, and a check per row would be paid 15,000 times a second.

-- Ranges are domains, not CHECKs of tables: a session prepares a domain once, a table's CHECK in every statement.
CREATE DOMAIN slot_number AS smallint CHECK (VALUE BETWEEN 0 AND 4095);
CREATE DOMAIN positive_amount AS bigint CHECK (VALUE > 0);
CREATE DOMAIN sha256 AS bytea CHECK (octet_length(VALUE) = 32);
CREATE DOMAIN currency_code AS text CHECK (octet_length(VALUE) = 3);
CREATE DOMAIN request_key AS text COLLATE "C" CHECK (octet_length(VALUE) BETWEEN 1 AND 255);
CREATE DOMAIN row_version AS integer CHECK (VALUE > 0);
CREATE DOMAIN gateway_code AS smallint CHECK (VALUE BETWEEN 0 AND 2);
CREATE DOMAIN capture_method_code AS smallint CHECK (VALUE BETWEEN 0 AND 1);
CREATE DOMAIN operation_kind_code AS smallint CHECK (VALUE BETWEEN 0 AND 4);
CREATE DOMAIN operation_state_code AS smallint CHECK (VALUE BETWEEN 0 AND 3);
CREATE DOMAIN ledger_kind_code AS smallint CHECK (VALUE BETWEEN 0 AND 7);
CREATE DOMAIN ledger_account_code AS smallint CHECK (VALUE BETWEEN 0 AND 10);

CREATE TABLE payment (
  amount          positive_amount NOT NULL,
  created_at      timestamptz NOT NULL,
  slot            slot_number    NOT NULL,
  capture_method  capture_method_code NOT NULL,
  gateway         gateway_code NOT NULL,
  merchant_id     uuid        NOT NULL,
  id              uuid        NOT NULL,
  currency        currency_code NOT NULL,
  gateway_account text        NOT NULL,
  idempotency_key request_key NOT NULL,
  merchant_reference text,
  description     text,
  metadata        text        NOT NULL,
  sealed          bytea       NOT NULL,
  -- Begins with the merchant: lists by time need no second index.
  PRIMARY KEY (merchant_id, id)
);
COMMENT ON TABLE payment IS 'What never changes once a payment is accepted. Amounts: minor units.';

CREATE TABLE journal (
  seq             bigint      NOT NULL,
  epoch           bigint      NOT NULL,
  recorded_at     timestamptz NOT NULL,
  amount          bigint      NOT NULL,
  authorized      bigint      NOT NULL,
  captured        bigint      NOT NULL,
  refunded        bigint      NOT NULL,
  disputed        bigint      NOT NULL,
  operation_amount bigint,
  deadline_at     timestamptz,
  version         row_version NOT NULL,
  attempt         integer,
  origin_shard    smallint    NOT NULL,
  slot            slot_number    NOT NULL,
  kind            smallint    NOT NULL,
  from_status     smallint    NOT NULL,
  to_status       smallint    NOT NULL,
  operation_kind  operation_kind_code NOT NULL,
  operation_state operation_state_code NOT NULL,
  reply_status    smallint,
  payment_id      uuid        NOT NULL,
  merchant_id     uuid        NOT NULL,
  operation_id    uuid        NOT NULL,
  gateway_key     uuid,
  hash            sha256      NOT NULL,
  cause           text        NOT NULL,
  gateway_reference text,
  data            text,
  reply_body      bytea,
  -- A row belongs for ever to the shard that wrote it.
  PRIMARY KEY (origin_shard, seq),
  -- The optimistic lock: two writers can never both append.
  CONSTRAINT journal_version UNIQUE (payment_id, version),
  CONSTRAINT journal_amounts
    CHECK (0 <= disputed AND 0 <= refunded AND refunded <= captured AND captured <= authorized AND authorized <= amount),
  -- Either the row submits an operation and has all of these, or none.
  CONSTRAINT journal_submission CHECK (num_nonnulls(operation_amount, gateway_key, attempt, deadline_at) % 4 = 0),
  CONSTRAINT journal_reply CHECK ((reply_status IS NULL) = (reply_body IS NULL)),
  -- Legal transitions, the table NEXT_STATUS: fact * 100 + from * 10 + to.
  CONSTRAINT journal_transition CHECK (kind * 100 + from_status * 10 + to_status IN (
    001,        -- accepted: created -> pending
    111,        -- gatewayPrepared: pending -> pending
    211,        -- gatewayProcessing: pending -> pending
    311,        -- outcomeUnknown: pending -> pending
    411,        -- conflicted: pending -> pending
    512,        -- authorized: pending -> authorized
    613, 623,   -- captured: pending, authorized -> captured
    714,        -- declined: pending -> failed
    814,        -- notSubmitted: pending -> failed
    915, 925,   -- voided: pending, authorized -> canceled
    1026,       -- authorizationExpired: authorized -> expired
    1142, 1152, 1162, -- lateAuthorized: failed, canceled, expired -> authorized
    1243, 1253, 1263, -- lateCaptured: failed, canceled, expired -> captured
    1311        -- deadlinePassed: pending -> pending
  ))
);
COMMENT ON TABLE journal IS
  'Everything that happened, in commit order without a gap: audit trail, outbox and timeline. The newest row of a payment is its state.';

CREATE TABLE idempotency (
  slot         slot_number NOT NULL,
  merchant_id  uuid     NOT NULL,
  payment_id   uuid     NOT NULL,
  operation_id uuid     NOT NULL,
  key          request_key NOT NULL,
  route        text     NOT NULL,
  fingerprint  sha256   NOT NULL,
  PRIMARY KEY (merchant_id, key)
);
COMMENT ON TABLE idempotency IS 'One row per accepted key, for as long as the payment. Its answer: view idempotency_reply.';

CREATE TABLE ledger_entry (
  amount          positive_amount NOT NULL,
  seq          bigint   NOT NULL,
  slot         slot_number NOT NULL,
  kind         ledger_kind_code NOT NULL,
  debit        ledger_account_code NOT NULL,
  credit       ledger_account_code NOT NULL,
  gateway      gateway_code NOT NULL,
  operation_id uuid     NOT NULL,
  payment_id   uuid     NOT NULL,
  merchant_id  uuid     NOT NULL,
  currency     currency_code NOT NULL,
  PRIMARY KEY (operation_id, kind),
  CONSTRAINT ledger_entry_accounts CHECK (debit <> credit)
);
COMMENT ON TABLE ledger_entry IS 'Double entry: one row is one balanced transfer. Amounts: minor units.';
-- A hold resolves exactly once, by capture, void or expiry (kind 1: hold_release).
CREATE UNIQUE INDEX ledger_entry_hold_once ON ledger_entry (payment_id) WHERE kind = 1;

CREATE TABLE commit_anchor (
  first_seq bigint PRIMARY KEY,
  last_seq  bigint NOT NULL,
  digest    sha256 NOT NULL,
  previous  sha256 NOT NULL
);
COMMENT ON TABLE commit_anchor IS 'One row per commit: digest = SHA-256(previous || hashes of its journal rows, in order).';
