/**
 * The naive service's statements: one row each, into the same tables as the cluster's. The journal's seq comes from a
 * sequence, because no single writer counts.
 */
import {
  bytesOfId,
  CAPTURE_METHODS,
  FACT_KINDS,
  GATEWAY_NAMES,
  hashRow,
  LEDGER_ACCOUNTS,
  LEDGER_KINDS,
  OPERATION_KINDS,
  OPERATION_STATES,
  PAYMENT_STATUSES,
  SUBMITTING,
} from "../../../actors/domain/index.ts";
import type { Payment, Posting, RowFacts, Transition } from "../../../actors/domain/index.ts";
import type { KeyRow } from "../../../actors/index.ts";

/** A statement and its values. `name`: prepared under it by the careful variant. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** What the shard schema lacks for this service. */
export const EXTRA_SCHEMA = `
CREATE SEQUENCE IF NOT EXISTS naive_journal_seq;
CREATE TABLE IF NOT EXISTS naive_merchant (id uuid PRIMARY KEY, status text NOT NULL DEFAULT 'active')`;

const uuid = (id: string): string => Buffer.from(bytesOfId(id)).toString("hex");
const time = (atMs: number): Date => new Date(atMs);
const holes = (count: number): string => Array.from({ length: count }, (_, i) => `$${i + 1}`).join(", ");

/** An insert of one row. `extra`: columns whose value the server makes. */
function insert(
  table: string,
  row: Readonly<Record<string, unknown>>,
  extra: Readonly<Record<string, string>> = {},
): Statement {
  const columns = [...Object.keys(row), ...Object.keys(extra)].join(", ");
  const values = [holes(Object.keys(row).length), ...Object.values(extra)].join(", ");
  return {
    name: `insert_${table}`,
    text: `INSERT INTO ${table} (${columns}) VALUES (${values})`,
    values: Object.values(row),
  };
}

export const lockMerchant = (merchantId: string): Statement => ({
  name: "lock_merchant",
  text: "SELECT id, status FROM naive_merchant WHERE id = $1 FOR UPDATE",
  values: [uuid(merchantId)],
});

export const lockPayment = ({ terms }: Payment): Statement => ({
  name: "lock_payment",
  text: "SELECT id, amount, currency FROM payment WHERE merchant_id = $1 AND id = $2 FOR UPDATE",
  values: [uuid(terms.merchantId), uuid(terms.id)],
});

/** The payment's state is its newest row. */
export const readNewest = ({ terms }: Payment): Statement => ({
  name: "read_newest",
  text: "SELECT version, to_status, hash FROM journal WHERE payment_id = $1 ORDER BY version DESC LIMIT 1",
  values: [uuid(terms.id)],
});

export const findKey = (merchantId: string, key: string): Statement => ({
  name: "find_key",
  text: `SELECT i.fingerprint, r.reply_status, r.reply_body FROM idempotency i
           LEFT JOIN journal r ON r.payment_id = i.payment_id AND r.reply_status IS NOT NULL
          WHERE i.merchant_id = $1 AND i.key = $2`,
  values: [uuid(merchantId), key],
});

/** Returns no row when the key is taken. */
export function insertKey(row: KeyRow, slot: number): Statement {
  const statement = insert("idempotency", {
    slot,
    merchant_id: uuid(row.merchantId),
    payment_id: uuid(row.paymentId),
    operation_id: uuid(row.operationId),
    key: row.key,
    route: row.route,
    fingerprint: row.fingerprint,
  });
  return { ...statement, text: `${statement.text} ON CONFLICT DO NOTHING RETURNING slot` };
}

export const insertPayment = ({ terms }: Payment, idempotencyKey: string, sealed: Uint8Array): Statement =>
  insert("payment", {
    amount: terms.amountMinor,
    created_at: time(terms.createdAtMs),
    slot: terms.slot,
    capture_method: CAPTURE_METHODS.indexOf(terms.captureMethod),
    gateway: GATEWAY_NAMES.indexOf(terms.gateway),
    merchant_id: uuid(terms.merchantId),
    id: uuid(terms.id),
    currency: terms.currency,
    gateway_account: terms.gatewayAccount,
    idempotency_key: idempotencyKey,
    merchant_reference: terms.merchantReference,
    description: terms.description,
    metadata: terms.metadataJson,
    sealed,
  });

/** The row of a transition. Adds the hash that chains it. */
export function insertJournal(transition: Transition, facts: RowFacts): Statement & { readonly hash: Uint8Array } {
  const { payment } = transition;
  const { operation, terms } = payment;
  const submits = SUBMITTING.has(transition.fact);
  const hash = hashRow(transition, facts);
  const row = {
    epoch: 1,
    recorded_at: time(facts.recordedAtMs),
    amount: terms.amountMinor,
    authorized: payment.authorizedMinor,
    captured: payment.capturedMinor,
    refunded: payment.refundedMinor,
    refunding: payment.refundingMinor,
    disputed: payment.disputedMinor,
    operation_amount: submits ? operation.amountMinor : null,
    deadline_at: submits ? time(operation.deadlineAtMs) : null,
    version: payment.version,
    attempt: submits ? operation.attempt : null,
    origin_shard: 0,
    slot: terms.slot,
    kind: FACT_KINDS.indexOf(transition.fact),
    from_status: PAYMENT_STATUSES.indexOf(transition.fromStatus),
    to_status: PAYMENT_STATUSES.indexOf(payment.status),
    operation_kind: OPERATION_KINDS.indexOf(operation.kind),
    operation_state: OPERATION_STATES.indexOf(operation.state),
    reply_status: facts.reply?.status ?? null,
    payment_id: uuid(terms.id),
    merchant_id: uuid(terms.merchantId),
    operation_id: uuid(operation.id),
    gateway_key: submits ? operation.gatewayKey : null,
    hash,
    cause: facts.cause,
    gateway_reference: payment.gatewayReference,
    data: facts.data,
    reply_body: facts.reply?.body ?? null,
  };
  return { ...insert("journal", row, { seq: "nextval('naive_journal_seq')" }), hash };
}

export const insertPosting = ({ terms, operation }: Payment, posting: Posting): Statement =>
  insert(
    "ledger_entry",
    {
      amount: posting.amountMinor,
      slot: terms.slot,
      kind: LEDGER_KINDS.indexOf(posting.kind),
      debit: LEDGER_ACCOUNTS.indexOf(posting.debit),
      credit: LEDGER_ACCOUNTS.indexOf(posting.credit),
      gateway: GATEWAY_NAMES.indexOf(terms.gateway),
      operation_id: uuid(operation.id),
      payment_id: uuid(terms.id),
      merchant_id: uuid(terms.merchantId),
      currency: terms.currency,
    },
    { seq: "currval('naive_journal_seq')" },
  );
