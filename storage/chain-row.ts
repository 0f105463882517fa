/** A journal row with everything that its hash is over, as it is on disk (design §3.5). */
import {
  hashRow,
  idFromBytes,
  type Payment,
  type Posting,
  postingsOf,
  type Transition,
} from "../actors/domain/index.ts";
import { CAPTURE_METHOD, FACT, GATEWAY, LEDGER_KIND, OPERATION_KIND, OPERATION_STATE, STATUS } from "./codes.ts";
import { ms } from "./read-model.ts";

/** Before a payment's first row. */
export const NO_HASH = new Uint8Array(32);

/** Columns of a journal row `j` of a payment `p`. Amounts: as text. */
export const CHAIN_COLUMNS = `
  uuid_send(j.payment_id) AS payment_id, uuid_send(j.merchant_id) AS merchant_id,
  uuid_send(j.operation_id) AS operation_id, j.version, j.kind, j.from_status, j.to_status, j.operation_kind,
  j.operation_state, j.authorized::text, j.captured::text, j.refunded::text, j.refunding::text, j.disputed::text,
  j.gateway_reference, j.cause, ${ms("j.recorded_at")} AS recorded_ms, j.data, j.reply_status, j.reply_body, j.hash, j.slot,
  j.operation_amount::text, j.gateway_key, j.attempt, ${ms("j.deadline_at")} AS deadline_ms,
  p.amount::text, p.currency, p.capture_method, p.gateway, p.gateway_account, p.merchant_reference, p.description,
  p.metadata, (SELECT json_agg(json_build_array(e.kind, e.amount::text)) FROM ledger_entry e
                WHERE e.operation_id = j.operation_id AND e.seq = j.seq) AS postings`;
export const CHAIN_FROM = "journal j JOIN payment p ON p.merchant_id = j.merchant_id AND p.id = j.payment_id";

/** A row of CHAIN_COLUMNS. */
export interface ChainRow {
  readonly payment_id: Buffer;
  readonly merchant_id: Buffer;
  readonly operation_id: Buffer;
  readonly version: number;
  readonly kind: number;
  readonly from_status: number;
  readonly to_status: number;
  readonly operation_kind: number;
  readonly operation_state: number;
  readonly authorized: string;
  readonly captured: string;
  readonly refunded: string;
  readonly refunding: string;
  readonly disputed: string;
  readonly gateway_reference: string | null;
  readonly cause: string;
  readonly recorded_ms: number;
  readonly data: string | null;
  readonly reply_status: number | null;
  readonly reply_body: Buffer | null;
  readonly hash: Buffer;
  readonly slot: number;
  readonly operation_amount: string | null;
  readonly gateway_key: string | null;
  readonly attempt: number | null;
  readonly deadline_ms: number | null;
  readonly amount: string;
  readonly currency: string;
  readonly capture_method: number;
  readonly gateway: number;
  readonly gateway_account: string;
  readonly merchant_reference: string | null;
  readonly description: string | null;
  readonly metadata: string;
  readonly postings: readonly (readonly [kind: number, amount: string])[] | null;
}

/** The hash that the row should have behind one whose hash is `chainHead`. */
export function hashOf(row: ChainRow, chainHead: Uint8Array): Uint8Array {
  // Members that are not hashed are empty.
  const payment: Payment = {
    terms: {
      id: idFromBytes("pay", row.payment_id),
      merchantId: idFromBytes("mer", row.merchant_id),
      slot: row.slot,
      amountMinor: BigInt(row.amount),
      currency: row.currency,
      captureMethod: CAPTURE_METHOD.word(row.capture_method),
      gateway: GATEWAY.word(row.gateway),
      gatewayAccount: row.gateway_account,
      merchantReference: row.merchant_reference,
      description: row.description,
      metadataJson: row.metadata,
      createdAtMs: 0,
    },
    status: STATUS.word(row.to_status),
    version: row.version,
    authorizedMinor: BigInt(row.authorized),
    capturedMinor: BigInt(row.captured),
    refundedMinor: BigInt(row.refunded),
    refundingMinor: BigInt(row.refunding),
    disputedMinor: BigInt(row.disputed),
    gatewayReference: row.gateway_reference,
    operation: {
      id: idFromBytes("op", row.operation_id),
      kind: OPERATION_KIND.word(row.operation_kind),
      state: OPERATION_STATE.word(row.operation_state),
      amountMinor: BigInt(row.operation_amount ?? 0),
      gatewayKey: row.gateway_key ?? "",
      attempt: row.attempt ?? 0,
      submittedAtMs: 0,
      deadlineAtMs: row.deadline_ms ?? 0,
      reference: null,
      pendingReason: null,
      needsReview: false,
      failure: null,
      note: null,
    },
    cancel: null,
    dispute: null,
    failure: null,
    updatedAtMs: 0,
    chainHead,
  };
  const fact = FACT.word(row.kind);
  const transition: Transition = { fact, fromStatus: STATUS.word(row.from_status), payment, postings: postingsIn(row) };
  const { reply_status: status, reply_body: body } = row;
  return hashRow(transition, {
    cause: row.cause,
    recordedAtMs: row.recorded_ms,
    data: row.data,
    reply: status === null || body === null ? null : { status, body },
  });
}

/** In the order in which the fact makes them. */
function postingsIn(row: ChainRow): readonly Posting[] {
  const order = postingsOf(FACT.word(row.kind), { heldMinor: 1n, amountMinor: 1n }).map(({ kind }) => kind);
  const postings = (row.postings ?? []).map(([code, amount]) => {
    const kind = LEDGER_KIND.word(code);
    return { kind, debit: "suspense", credit: "suspense", amountMinor: BigInt(amount) } as const; // accounts: not hashed
  });
  return postings.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}
