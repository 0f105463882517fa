/**
 * A payment as the domain knows it, rebuilt from its terms, its newest journal row and the row that submitted its
 * operation. One SELECT shape for every reader.
 */
import { idFromBytes, mintedAtMs } from "../actors/domain/index.ts";
import type { Failure, Payment, PendingReason } from "../actors/domain/index.ts";
import { CAPTURE_METHOD, GATEWAY, OPERATION_KIND, OPERATION_STATE, STATUS } from "./codes.ts";

/** Unix milliseconds of a timestamptz, exact. */
const ms = (expression: string): string => `(extract(epoch FROM ${expression}) * 1000)::float8`;

/** Columns of a payment `p`, its newest journal row `j` and the submitting row `s` of j's operation. */
export const PAYMENT_COLUMNS = `
  uuid_send(p.id) AS id, uuid_send(p.merchant_id) AS merchant_id, p.slot, p.amount, p.currency, p.capture_method,
  p.gateway, p.gateway_account, p.merchant_reference, p.description, p.metadata, ${ms("p.created_at")} AS created_ms,
  j.to_status, j.version, j.authorized, j.captured, j.refunded, j.disputed, j.gateway_reference, j.data, j.hash,
  ${ms("j.recorded_at")} AS updated_ms, uuid_send(j.operation_id) AS operation_id, j.operation_kind, j.operation_state,
  s.operation_amount, s.gateway_key, s.attempt, ${ms("s.deadline_at")} AS deadline_ms`;

/** Joins `j` and `s` to a payment `p`, both by the index on (payment_id, version). */
export const PAYMENT_JOINS = `
  CROSS JOIN LATERAL (SELECT * FROM journal WHERE payment_id = p.id ORDER BY version DESC LIMIT 1) j
  CROSS JOIN LATERAL (SELECT * FROM journal WHERE payment_id = p.id AND operation_id = j.operation_id
                         AND gateway_key IS NOT NULL ORDER BY version LIMIT 1) s`;

export interface PaymentRow {
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
  readonly disputed: bigint;
  readonly gateway_reference: string | null;
  readonly data: string | null;
  readonly hash: Buffer;
  readonly updated_ms: number;
  readonly operation_id: Buffer;
  readonly operation_kind: number;
  readonly operation_state: number;
  readonly operation_amount: bigint;
  readonly gateway_key: string;
  readonly attempt: number;
  readonly deadline_ms: number;
}

/** What a journal row's `data` may carry; all of it optional. */
interface JournalData {
  readonly failure?: Failure;
  readonly pendingReason?: PendingReason;
  readonly needsReview?: true;
}

/** Reads `data` back. Written by us, so its shape is trusted; no text means nothing to say. */
export function parseJournalData(text: string | null): Pick<Payment, "failure" | "pendingReason" | "needsReview"> {
  const data = (text === null ? {} : JSON.parse(text)) as JournalData;
  return {
    failure: data.failure ?? null,
    pendingReason: data.pendingReason ?? null,
    needsReview: data.needsReview === true,
  };
}

/** The payment of a row of PAYMENT_COLUMNS. */
export function paymentOf(row: PaymentRow): Payment {
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
    disputedMinor: row.disputed,
    gatewayReference: row.gateway_reference,
    operation: {
      id: idFromBytes("op", row.operation_id),
      kind: OPERATION_KIND.word(row.operation_kind),
      state: OPERATION_STATE.word(row.operation_state),
      amountMinor: row.operation_amount,
      gatewayKey: row.gateway_key,
      attempt: row.attempt,
      submittedAtMs: mintedAtMs(row.operation_id),
      deadlineAtMs: row.deadline_ms,
    },
    ...parseJournalData(row.data),
    updatedAtMs: row.updated_ms,
    chainHead: row.hash,
  };
}
