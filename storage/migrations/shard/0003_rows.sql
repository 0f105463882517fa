-- How rows travel: the writer sends one array of these per table. Types of their own, so that a table may gain columns
-- while nodes of an older release still write; a new release brings types of new names. Attributes: tables.ts.

CREATE TYPE journal_row AS (
  seq bigint, recorded_at timestamptz, amount bigint, authorized bigint, captured bigint, refunded bigint, disputed bigint,
  operation_amount bigint, deadline_at timestamptz, version row_version, attempt integer, slot slot_number, kind smallint,
  from_status smallint, to_status smallint, operation_kind operation_kind_code, operation_state operation_state_code,
  reply_status smallint, payment_id uuid, merchant_id uuid, operation_id uuid, gateway_key uuid, hash sha256, cause text,
  gateway_reference text, data text, reply_body bytea);

CREATE TYPE payment_row AS (
  amount positive_amount, created_at timestamptz, slot slot_number, capture_method capture_method_code,
  gateway gateway_code, merchant_id uuid, id uuid, currency currency_code, gateway_account text,
  idempotency_key request_key, merchant_reference text, description text, metadata text, sealed bytea);

CREATE TYPE idempotency_row AS (
  slot slot_number, merchant_id uuid, payment_id uuid, operation_id uuid, key request_key, route text, fingerprint sha256);

CREATE TYPE ledger_entry_row AS (
  amount positive_amount, seq bigint, slot slot_number, kind ledger_kind_code, debit ledger_account_code,
  credit ledger_account_code, gateway gateway_code, operation_id uuid, payment_id uuid, merchant_id uuid,
  currency currency_code);
