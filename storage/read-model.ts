/**
 * A payment as the domain knows it, rebuilt from its terms, one of its journal rows and the row that submitted that row's
 * operation. One SELECT shape for every reader.
 */
import { idFromBytes, mintedAtMs } from "../actors/domain/index.ts";
import type { Operation, Payment } from "../actors/domain/index.ts";
import type { SideFacts } from "../actors/index.ts";
import { CAPTURE_METHOD, GATEWAY, OPERATION_KIND, OPERATION_STATE, STATUS } from "./codes.ts";

/** Unix milliseconds of a timestamptz, exact. */
export const ms = (expression: string): string => `(extract(epoch FROM ${expression}) * 1000)::float8`;

/** Captures, voids and refunds come after authorize and sale; they have names of their own at the gateway. */
const FIRST_LATER = OPERATION_KIND.code("capture");
const isLater = (row: string): string => `${row}.operation_kind >= ${FIRST_LATER}`;
/** Narrows a query to the rows that the index journal_later holds. */
export const IS_LATER = `operation_kind >= ${FIRST_LATER}`;
/** A part of them. */
export const IS_REFUND = `operation_kind = ${OPERATION_KIND.code("refund")}`;

/**
 * One row, or none, of the operation that `of` names by payment_id, operation_id and operation_kind: the first in `order`
 * of those `where`. A later one's by the index of its own, for a payment may have thousands of them; one of the two halves
 * never runs.
 */
export const rowOfOperation = (of: string, columns: string, where: string, order: string): string => `
  (SELECT ${columns} FROM journal
    WHERE ${isLater(of)} AND ${IS_LATER} AND operation_id = ${of}.operation_id AND ${where}
    ORDER BY ${order} LIMIT 1)
  UNION ALL
  (SELECT ${columns} FROM journal
    WHERE NOT ${isLater(of)} AND payment_id = ${of}.payment_id AND operation_id = ${of}.operation_id AND ${where}
    ORDER BY ${order} LIMIT 1)`;

/** Columns of an operation as of the journal row `row`; `submitted`: the row that submitted it. */
const operationColumns = (row: string, submitted: string, prefix = ""): string => `
  uuid_send(${row}.operation_id) AS ${prefix}operation_id, ${row}.operation_kind AS ${prefix}operation_kind,
  ${row}.operation_state AS ${prefix}operation_state, ${row}.data AS ${prefix}data, ${submitted}.data AS ${prefix}submitted_data,
  ${submitted}.operation_amount AS ${prefix}operation_amount, ${submitted}.gateway_key AS ${prefix}gateway_key,
  ${submitted}.attempt AS ${prefix}attempt, ${ms(`${submitted}.deadline_at`)} AS ${prefix}deadline_ms,
  CASE WHEN ${isLater(row)} THEN (${rowOfOperation(
    row,
    "data",
    `version BETWEEN ${submitted}.version AND ${row}.version AND data LIKE '%"reference":%'`,
    "version DESC",
  )}) END AS ${prefix}reference_data`;

/** Columns of a payment `p` as of its journal row `j`, and of j's operation, which the row `s` submitted. */
export const PAYMENT_COLUMNS = `
  uuid_send(p.id) AS id, uuid_send(p.merchant_id) AS merchant_id, p.slot, p.amount, p.currency, p.capture_method,
  p.gateway, p.gateway_account, p.merchant_reference, p.description, p.metadata, ${ms("p.created_at")} AS created_ms,
  j.to_status, j.version, j.authorized, j.captured, j.refunded, j.refunding, j.disputed, j.gateway_reference, j.hash,
  ${ms("j.recorded_at")} AS updated_ms, ${operationColumns("j", "s")}`;

/** Columns of one more operation of the payment: its own newest row is `n`, the row `t` submitted it. */
export const OWN_COLUMNS = `${operationColumns("n", "t", "own_")}, ${ms("n.recorded_at")} AS own_updated_ms`;

/** Joins a payment `p` to its newest row `j`, by the index on (payment_id, version). */
const NEWEST_ROW = `
  CROSS JOIN LATERAL (SELECT * FROM journal WHERE payment_id = p.id ORDER BY version DESC LIMIT 1) j`;
const SUBMITTED = "seq, version, data, operation_amount, gateway_key, attempt, deadline_at";
/**
 * Joins the row `of` of an operation to the row that submitted it. A later operation's has its gateway key; the first
 * one's is the payment's first row, however late `of` came: a dispute is about the first operation too.
 */
const submittingRow = (of: string, as: string): string => `
  CROSS JOIN LATERAL (
    (SELECT ${SUBMITTED} FROM journal
      WHERE ${isLater(of)} AND ${IS_LATER} AND operation_id = ${of}.operation_id
        AND version <= ${of}.version AND gateway_key IS NOT NULL
      ORDER BY version DESC LIMIT 1)
    UNION ALL
    (SELECT ${SUBMITTED} FROM journal WHERE NOT ${isLater(of)} AND payment_id = ${of}.payment_id AND version = 1)) ${as}`;
/** Joins a journal row `j` to `s`. */
export const SUBMITTING_ROW = submittingRow("j", "s");
/** Joins an operation's own newest row `n` to `t`. */
export const OWN_SUBMITTING_ROW = submittingRow("n", "t");
/** Joins `j` and `s` to a payment `p`. */
export const PAYMENT_JOINS = `${NEWEST_ROW}${SUBMITTING_ROW}`;

export interface OperationRow {
  readonly operation_id: Buffer;
  readonly operation_kind: number;
  readonly operation_state: number;
  readonly data: string | null;
  readonly submitted_data: string | null;
  /** `data` of the operation's newest row with a reference. */
  readonly reference_data: string | null;
  readonly operation_amount: bigint;
  readonly gateway_key: string;
  readonly attempt: number;
  readonly deadline_ms: number;
}
/** A row of OWN_COLUMNS. */
export type OwnOperationRow = { readonly [K in keyof OperationRow as `own_${K}`]: OperationRow[K] } & {
  readonly own_updated_ms: number;
};

export interface PaymentRow extends OperationRow {
  readonly id: Buffer;
  readonly merchant_id: Buffer;
  readonly slot: number;
  readonly amount: bigint;
  readonly currency: string;
  readonly capture_method: number;
  readonly gateway: number;
  readonly gateway_account: string;
  readonly merchant_reference: string | null;
  readonly description: string | null;
  readonly metadata: string;
  readonly created_ms: number;
  readonly to_status: number;
  readonly version: number;
  readonly authorized: bigint;
  readonly captured: bigint;
  readonly refunded: bigint;
  readonly refunding: bigint;
  readonly disputed: bigint;
  readonly gateway_reference: string | null;
  readonly hash: Buffer;
  readonly updated_ms: number;
}

/** Reads a row's `data` back. Written by us, so its shape is trusted; no text means nothing to say. */
export const parseSideFacts = (data: string | null): SideFacts =>
  data === null ? {} : (JSON.parse(data) as SideFacts);

/** The operation of a row. `facts`: of the row's `data`. */
function operationOf(row: OperationRow, facts: SideFacts): Operation {
  const kind = OPERATION_KIND.word(row.operation_kind);
  const state = OPERATION_STATE.word(row.operation_state);
  // The end of an authorize or sale is the payment's: its reason stands there once.
  const failsPayment = state === "failed" && (kind === "authorize" || kind === "sale");
  return {
    id: idFromBytes("op", row.operation_id),
    kind,
    state,
    amountMinor: row.operation_amount,
    gatewayKey: row.gateway_key,
    attempt: row.attempt,
    submittedAtMs: mintedAtMs(row.operation_id),
    deadlineAtMs: row.deadline_ms,
    reference: parseSideFacts(row.reference_data).reference ?? null,
    pendingReason: facts.pendingReason ?? null,
    needsReview: facts.needsReview === true,
    failure: facts.operationFailure ?? (failsPayment ? (facts.failure ?? null) : null),
    note: parseSideFacts(row.submitted_data).note ?? null,
  };
}

/** The operation of a row of OWN_COLUMNS. */
export function ownOperationOf(row: OwnOperationRow): Operation {
  const own: OperationRow = {
    operation_id: row.own_operation_id,
    operation_kind: row.own_operation_kind,
    operation_state: row.own_operation_state,
    data: row.own_data,
    submitted_data: row.own_submitted_data,
    reference_data: row.own_reference_data,
    operation_amount: row.own_operation_amount,
    gateway_key: row.own_gateway_key,
    attempt: row.own_attempt,
    deadline_ms: row.own_deadline_ms,
  };
  return operationOf(own, parseSideFacts(own.data));
}

/** The payment of a row of PAYMENT_COLUMNS. */
export function paymentOf(row: PaymentRow): Payment {
  const facts = parseSideFacts(row.data);
  return {
    terms: {
      id: idFromBytes("pay", row.id),
      merchantId: idFromBytes("mer", row.merchant_id),
      slot: row.slot,
      amountMinor: row.amount,
      currency: row.currency,
      captureMethod: CAPTURE_METHOD.word(row.capture_method),
      gateway: GATEWAY.word(row.gateway),
      gatewayAccount: row.gateway_account,
      merchantReference: row.merchant_reference,
      description: row.description,
      metadataJson: row.metadata,
      createdAtMs: row.created_ms,
    },
    status: STATUS.word(row.to_status),
    version: row.version,
    authorizedMinor: row.authorized,
    capturedMinor: row.captured,
    refundedMinor: row.refunded,
    refundingMinor: row.refunding,
    disputedMinor: row.disputed,
    gatewayReference: row.gateway_reference,
    operation: operationOf(row, facts),
    cancel: facts.cancel ?? null,
    dispute: facts.dispute ?? null,
    failure: facts.failure ?? null,
    updatedAtMs: row.updated_ms,
    chainHead: row.hash,
  };
}

/** The stored answer, or none, of the operation that `of` names by payment_id and operation_id. */
export const replyOf = (of: string): string => `
  SELECT r.* FROM (
    SELECT ${of}.payment_id, ${of}.operation_id,
           CASE WHEN EXISTS (SELECT FROM journal WHERE ${IS_LATER} AND operation_id = ${of}.operation_id)
                THEN ${FIRST_LATER} ELSE -1 END AS operation_kind
    OFFSET 0) k2
   CROSS JOIN LATERAL (${rowOfOperation("k2", "reply_status, reply_body", "reply_status IS NOT NULL", "version")}) r`;
