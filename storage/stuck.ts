/** Payments that do not come to rest by themselves, or take long over it: what on-call looks at first. */
import {
  type GatewayName,
  idFromBytes,
  type MerchantId,
  type OperationId,
  type OperationKind,
  type OperationState,
  type PaymentId,
  type PaymentStatus,
  type PendingReason,
} from "../actors/domain/index.ts";
import { GATEWAY, OPERATION_KIND, OPERATION_STATE, STATUS } from "./codes.ts";
import { OPEN_NOW, openStates } from "./open-operations.ts";
import { ms, parseSideFacts, rowOfOperation } from "./read-model.ts";
import { type AskShard, unlessTooLong } from "./snapshot.ts";
import { uuidOf } from "./story-rows.ts";
import { NOTICE_COLUMNS, storyNoticeOf } from "./story-side.ts";
import type { StoryNotice } from "./story-types.ts";

export interface StuckScope {
  /** Operations and notices that are younger are left out, unless people must look. */
  readonly olderThanMs: number;
  /** Of each kind, the oldest first. */
  readonly limit: number;
  readonly merchantId?: MerchantId | null;
}

/** What waits. Amounts: minor units as text. Times: Unix milliseconds. */
export interface StuckPayment {
  /** Null: the notice speaks of nothing that we know. */
  readonly paymentId: PaymentId | null;
  readonly merchantId: MerchantId | null;
  readonly status: PaymentStatus | null;
  readonly gateway: GatewayName;
  readonly why: "needs_review" | "open_operation" | "notice_parked" | "notice_waits";
  readonly sinceAtMs: number;
  readonly tries: number | null;
  readonly nextCheckAtMs: number | null;
  readonly operation: StuckOperation | null;
  readonly notice: StoryNotice | null;
}
export interface StuckOperation {
  readonly id: OperationId;
  readonly kind: OperationKind;
  readonly state: OperationState;
  readonly amountMinor: string;
  readonly currency: string;
  readonly pendingReason: PendingReason | null;
  readonly deadlineAtMs: number;
}
/** `readAtMs`: by the database's clock. `isComplete`: false when looking through the notices took too long. */
export interface StuckList {
  readonly readAtMs: number;
  readonly payments: readonly StuckPayment[];
  readonly isComplete: boolean;
}

interface OperationRow {
  readonly payment_id: Buffer;
  readonly merchant_id: Buffer;
  readonly operation_id: Buffer;
  readonly operation_kind: number;
  readonly operation_state: number;
  readonly to_status: number;
  readonly gateway: number;
  readonly currency: string;
  readonly amount: string;
  readonly data: string | null;
  readonly needs_review: boolean;
  readonly submitted_ms: number;
  readonly deadline_ms: number;
  readonly tries: number | null;
  readonly next_check_ms: number | null;
}

/** As of a row's `data`. */
const NEEDS_REVIEW = `coalesce(n.data LIKE '%"needsReview":true%', false)`;
/** A time longer ago than the parameter of that number says, in milliseconds. */
const isOld = (time: string, parameter: number): string =>
  `${time} <= clock_timestamp() - $${parameter}::float8 * interval '1 ms'`;
const OPERATIONS = `${OPEN_NOW}
SELECT uuid_send(n.payment_id) AS payment_id, uuid_send(n.merchant_id) AS merchant_id,
       uuid_send(n.operation_id) AS operation_id, n.operation_kind, n.operation_state, j.to_status, p.gateway, p.currency,
       s.operation_amount::text AS amount, n.data, ${NEEDS_REVIEW} AS needs_review, ${ms("s.recorded_at")} AS submitted_ms,
       ${ms("s.deadline_at")} AS deadline_ms, o.tries, ${ms("o.next_check_at")} AS next_check_ms
  FROM open n
 CROSS JOIN LATERAL (${rowOfOperation("n", "recorded_at, operation_amount, deadline_at", "gateway_key IS NOT NULL", "version")}) s
 CROSS JOIN LATERAL (SELECT to_status FROM journal WHERE payment_id = n.payment_id ORDER BY version DESC LIMIT 1) j
  JOIN payment p ON p.merchant_id = n.merchant_id AND p.id = n.payment_id
  LEFT JOIN operation_open o ON o.operation_id = n.operation_id
 WHERE (${isOld("s.recorded_at", 3)} OR ${NEEDS_REVIEW}) AND ($4::uuid IS NULL OR n.merchant_id = $4)
 ORDER BY s.recorded_at, n.operation_id LIMIT $5::int4`;

const stuckOperationOf = (row: OperationRow): StuckPayment => ({
  paymentId: idFromBytes("pay", row.payment_id),
  merchantId: idFromBytes("mer", row.merchant_id),
  status: STATUS.word(row.to_status),
  gateway: GATEWAY.word(row.gateway),
  why: row.needs_review ? "needs_review" : "open_operation",
  sinceAtMs: row.submitted_ms,
  tries: row.tries,
  nextCheckAtMs: row.next_check_ms,
  operation: {
    id: idFromBytes("op", row.operation_id),
    kind: OPERATION_KIND.word(row.operation_kind),
    state: OPERATION_STATE.word(row.operation_state),
    amountMinor: row.amount,
    currency: row.currency,
    pendingReason: parseSideFacts(row.data).pendingReason ?? null,
    deadlineAtMs: row.deadline_ms,
  },
  notice: null,
});

type NoticeRow = Parameters<typeof storyNoticeOf>[0] & {
  readonly payment_id: Buffer | null;
  readonly merchant_id: Buffer | null;
  readonly to_status: number | null;
};
/** No index leads to those that are given up: this passes the table, within the statement's time. */
const NOTICES = `
SELECT ${NOTICE_COLUMNS}, uuid_send(g.payment_id) AS payment_id, uuid_send(j.merchant_id) AS merchant_id, j.to_status
  FROM gateway_event g
  LEFT JOIN LATERAL (SELECT merchant_id, to_status FROM journal WHERE payment_id = g.payment_id
                      ORDER BY version DESC LIMIT 1) j ON true
 WHERE g.state = ANY ($1::text[]) AND ${isOld("g.received_at", 2)} AND ($3::uuid IS NULL OR j.merchant_id = $3)
 ORDER BY g.received_at, g.dedupe_key LIMIT $4::int4`;

function stuckNoticeOf(row: NoticeRow): StuckPayment {
  const notice = storyNoticeOf(row);
  return {
    paymentId: row.payment_id === null ? null : idFromBytes("pay", row.payment_id),
    merchantId: row.merchant_id === null ? null : idFromBytes("mer", row.merchant_id),
    status: row.to_status === null ? null : STATUS.word(row.to_status),
    gateway: notice.gateway,
    why: notice.state === "parked" ? "notice_parked" : "notice_waits",
    sinceAtMs: notice.receivedAtMs,
    tries: notice.tries,
    nextCheckAtMs: notice.nextTryAtMs,
    operation: null,
    notice,
  };
}

/**
 * What waits in a shard's database, the oldest first: operations that are open for longer or that people must see to, and
 * notices that wait or are parked. `ask` sees one moment; `shard`: whose database it is.
 */
export async function readStuck(
  ask: AskShard,
  shard: number,
  { olderThanMs, limit, merchantId = null }: StuckScope,
): Promise<StuckList> {
  const merchant = merchantId === null ? null : uuidOf(merchantId);
  const [clock] = await ask<{ now_ms: number }>(`SELECT ${ms("clock_timestamp()")} AS now_ms`);
  const states = `{${openStates().join()}}`;
  const open = await ask<OperationRow>(OPERATIONS, [shard, states, olderThanMs, merchant, limit]);
  const notices = await unlessTooLong(ask, () =>
    ask<NoticeRow>(NOTICES, ["{received,parked,spooled}", olderThanMs, merchant, limit]),
  );
  return {
    readAtMs: clock?.now_ms ?? 0,
    payments: [...open.map(stuckOperationOf), ...(notices ?? []).map(stuckNoticeOf)].sort(
      (a, b) => a.sinceAtMs - b.sinceAtMs,
    ),
    isComplete: notices !== null,
  };
}
