/** A payment's journal rows and operations, as its story tells them. */
import {
  bytesOfId,
  type EventId,
  idFromBytes,
  isOpen,
  mintId,
  type PaymentId,
  SUBMITTING,
} from "../actors/domain/index.ts";
import { CHAIN_COLUMNS, CHAIN_FROM, type ChainRow, hashOf, NO_HASH } from "./chain-row.ts";
import { CAPTURE_METHOD, FACT, GATEWAY, OPERATION_KIND, OPERATION_STATE, STATUS } from "./codes.ts";
import { HIDDEN_FACT } from "./event-reads.ts";
import { ms, parseSideFacts } from "./read-model.ts";
import type { AskShard } from "./snapshot.ts";
import type { RowFacts, StoryOperation, StoryPayment, StoryRow } from "./story-types.ts";

/** Newest rows that are read: a payment may have thousands of refunds. */
const ROWS_MAX = 1_000;

/** The newest rows, the first one, and all rows of operations that are noted as in doubt. */
const ROWS = `
SELECT ${CHAIN_COLUMNS}, j.seq::text, j.epoch::text, j.origin_shard,
       CASE WHEN $2::int4 IS NULL OR j.origin_shard = $2 THEN e.node END AS node,
       (SELECT hash FROM journal b WHERE b.payment_id = j.payment_id AND b.version = j.version - 1) AS before,
       ${ms("p.created_at")} AS created_ms, p.idempotency_key, newest.version AS newest_version
  FROM (SELECT max(version) AS version FROM journal WHERE payment_id = $1::uuid) newest
 CROSS JOIN (${CHAIN_FROM}) LEFT JOIN shard_epoch e ON e.epoch = j.epoch
 WHERE j.payment_id = $1::uuid
   AND (j.version = 1 OR j.version > newest.version - ${ROWS_MAX}
        OR j.operation_id IN (SELECT operation_id FROM operation_open WHERE payment_id = $1::uuid))
 ORDER BY j.version`;

export interface JournalRow extends ChainRow {
  readonly seq: string;
  readonly epoch: string;
  readonly origin_shard: number;
  readonly node: string | null;
  readonly before: Buffer | null;
  readonly created_ms: number;
  readonly idempotency_key: string;
  readonly newest_version: number;
}

/** What is noted of an operation in doubt. */
export interface OpenNote {
  readonly operation_id: Buffer;
  readonly tries: number;
  readonly next_check_ms: number;
}
const NOTES = `
SELECT uuid_send(operation_id) AS operation_id, tries, ${ms("next_check_at")} AS next_check_ms
  FROM operation_open WHERE payment_id = $1::uuid`;

/** By version; none: there is no such payment. `shard`: whose database it is; null: unknown, then all epochs are its own. */
export const readJournal = (ask: AskShard, id: PaymentId, shard: number | null): Promise<readonly JournalRow[]> =>
  ask<JournalRow>(ROWS, [uuidOf(id), shard]);
export const readNotes = (ask: AskShard, id: PaymentId): Promise<readonly OpenNote[]> =>
  ask<OpenNote>(NOTES, [uuidOf(id)]);

/** An id as the database writes it. */
export const uuidOf = (id: string): string => Buffer.from(bytesOfId(id)).toString("hex");

export function storyRowOf(row: JournalRow): StoryRow {
  const fact = FACT.word(row.kind);
  const { note: _merchantsText, ...said } = parseSideFacts(row.data);
  return {
    version: row.version,
    seq: row.seq,
    originShard: row.origin_shard,
    epoch: row.epoch,
    node: row.node,
    fact,
    fromStatus: STATUS.word(row.from_status),
    toStatus: STATUS.word(row.to_status),
    operationId: idFromBytes("op", row.operation_id),
    operationKind: OPERATION_KIND.word(row.operation_kind),
    operationState: OPERATION_STATE.word(row.operation_state),
    submits: SUBMITTING.has(fact),
    authorizedMinor: row.authorized,
    capturedMinor: row.captured,
    refundedMinor: row.refunded,
    refundingMinor: row.refunding,
    disputedMinor: row.disputed,
    gatewayReference: row.gateway_reference,
    cause: row.cause,
    recordedAtMs: row.recorded_ms,
    said: said satisfies RowFacts,
    replyStatus: row.reply_status,
    isHashRight: Buffer.compare(hashOf(row, row.before ?? NO_HASH), row.hash) === 0,
    eventId: fact === HIDDEN_FACT ? null : eventIdOf(row),
  };
}
const eventIdOf = (row: JournalRow): EventId => mintId("evt", row.slot, row.recorded_ms, row.hash);

/** As of `row`, the newest. */
export function storyPaymentOf(row: JournalRow): StoryPayment {
  return {
    status: STATUS.word(row.to_status),
    currency: row.currency,
    amountMinor: row.amount,
    authorizedMinor: row.authorized,
    capturedMinor: row.captured,
    refundedMinor: row.refunded,
    refundingMinor: row.refunding,
    disputedMinor: row.disputed,
    captureMethod: CAPTURE_METHOD.word(row.capture_method),
    gateway: GATEWAY.word(row.gateway),
    gatewayAccount: row.gateway_account,
    gatewayReference: row.gateway_reference,
    merchantReference: row.merchant_reference,
    createdAtMs: row.created_ms,
    cancelOperationId: parseSideFacts(row.data).cancel?.operationId ?? null,
  };
}

/** The operations whose submission is among the rows, in its order. */
export function storyOperationsOf(
  raw: readonly JournalRow[],
  rows: readonly StoryRow[],
  notes: readonly OpenNote[],
): readonly StoryOperation[] {
  const noteOf = new Map(notes.map((note) => [idFromBytes("op", note.operation_id), note]));
  return raw.flatMap((submitted, at) => {
    const first = rows[at] as StoryRow;
    if (!first.submits) return [];
    const own = rows.filter(
      ({ operationId, version }) => operationId === first.operationId && version >= first.version,
    );
    const newest = own.at(-1) as StoryRow;
    const state = newest.operationState;
    const failsPayment =
      state === "failed" && (newest.operationKind === "authorize" || newest.operationKind === "sale");
    const note = noteOf.get(first.operationId);
    return {
      id: first.operationId,
      kind: first.operationKind,
      state,
      isCompensation: first.cause === "compensation",
      amountMinor: submitted.operation_amount ?? "0",
      gatewayKey: submitted.gateway_key ?? "",
      attempt: submitted.attempt ?? 1,
      submittedAtMs: first.recordedAtMs,
      submittedEpoch: first.epoch,
      deadlineAtMs: submitted.deadline_ms ?? 0,
      endedAtMs: own.find(({ operationState }) => !isOpen(operationState))?.recordedAtMs ?? null,
      tries: note?.tries ?? null,
      nextCheckAtMs: note?.next_check_ms ?? null,
      pendingReason: newest.said.pendingReason ?? null,
      needsReview: newest.said.needsReview === true,
      reference: own.findLast(({ said }) => said.reference !== undefined)?.said.reference ?? null,
      failure: newest.said.operationFailure ?? (failsPayment ? (newest.said.failure ?? null) : null),
      versions: own.map(({ version }) => version),
    };
  });
}
