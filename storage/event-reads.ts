/** What merchants see of the journal: every row but gatewayPrepared, in commit order. Nothing is stored twice. */
import type { QueryResultRow } from "pg";
import { bytesOfId, mintId } from "../actors/domain/index.ts";
import type { FactKind, MerchantId } from "../actors/domain/index.ts";
import type { EventView, EventsCursor, Found, Page, ReadQuery } from "../actors/index.ts";
import { FACT, STATUS } from "./codes.ts";
import { type ReadSource, pageOf } from "./pages.ts";
import type { ReadParameter } from "./read-connection.ts";
import { PAYMENT_COLUMNS, SUBMITTING_ROW, parseSideFacts, paymentOf } from "./read-model.ts";
import type { PaymentRow } from "./read-model.ts";
import { readAll } from "./readable-payments.ts";

type PaymentEventsQuery = Extract<ReadQuery, { readonly name: "paymentEvents" }>;

/** The fact that no merchant sees; the index journal_merchant holds the others. */
export const HIDDEN_FACT: FactKind = "gatewayPrepared";
export const IS_VISIBLE = `kind <> ${FACT.code(HIDDEN_FACT)}`;

/** Rows `j` are visible. Hidden ones stand only where a payment is pending, so no others are counted. */
const EVENT_COLUMNS = `${PAYMENT_COLUMNS}, j.seq, j.kind, j.from_status, j.cause, p.idempotency_key, s.version = 1 AS first,
  j.version - (SELECT count(*) FROM journal h
                WHERE h.payment_id = j.payment_id AND h.kind = ${FACT.code(HIDDEN_FACT)}
                  AND h.version < least(j.version, (
                        SELECT version FROM journal WHERE payment_id = j.payment_id AND to_status <> ${STATUS.code("pending")}
                         ORDER BY version LIMIT 1)))::int4 AS sequence`;

const LIST_EVENTS = `
SELECT ${EVENT_COLUMNS}
  FROM (SELECT * FROM journal
         WHERE merchant_id = $1::uuid AND ${IS_VISIBLE} AND (recorded_at, seq) > ($2::timestamptz, $3::int8)
         ORDER BY recorded_at, seq LIMIT $4::int4 + 1) j
  JOIN payment p ON p.merchant_id = j.merchant_id AND p.id = j.payment_id ${SUBMITTING_ROW}
 ORDER BY j.recorded_at, j.seq`;

/** One row without an event behind the last one (left). */
const LIST_PAYMENT_EVENTS = `
SELECT found.*
  FROM payment p
  LEFT JOIN LATERAL (
    SELECT ${EVENT_COLUMNS}
      FROM (SELECT * FROM journal
             WHERE payment_id = p.id AND ${IS_VISIBLE} AND (recorded_at, seq) > ($3::timestamptz, $4::int8)
             ORDER BY version LIMIT $5::int4 + 1) j ${SUBMITTING_ROW}) found ON true
 WHERE p.merchant_id = $1::uuid AND p.id = $2::uuid
 ORDER BY found.version`;

type EventRow = PaymentRow &
  QueryResultRow & {
    readonly seq: bigint;
    readonly kind: number;
    readonly from_status: number;
    readonly cause: string;
    readonly idempotency_key: string;
    /** The row is of the payment's first operation. */
    readonly first: boolean;
    readonly sequence: number;
  };

const REQUEST = "request:";

/** Which request caused the fact, by the row's `cause`; null: none did. */
export const requestIdOf = (cause: string): string | null =>
  cause.startsWith(REQUEST) ? cause.slice(REQUEST.length) : null;

const eventOf = (row: EventRow): EventView => ({
  id: mintId("evt", row.slot, row.updated_ms, row.hash),
  fact: FACT.word(row.kind),
  fromStatus: STATUS.word(row.from_status),
  sequence: row.sequence,
  payment: paymentOf(row),
  recordedAtMs: row.updated_ms,
  requestId: requestIdOf(row.cause),
  idempotencyKey: row.first ? row.idempotency_key : (parseSideFacts(row.submitted_data).key ?? null),
});

/** `next` of an empty page is where it was asked for: who keeps it learns later what came since. */
function eventPage(
  rows: readonly EventRow[],
  { limit, after }: Page<EventsCursor>,
  { log }: ReadSource,
): Found<EventView, EventsCursor> {
  const events = readAll(rows, eventOf, "STORAGE_UNAVAILABLE", log);
  const last = rows[Math.min(limit, rows.length) - 1];
  const next = last === undefined ? after : { recordedAtMs: last.updated_ms, seq: last.seq };
  return { ...pageOf(events, limit, () => null), next };
}

/** Bounds of a page; before the first row there is nothing. */
const behind = ({ after }: Page<EventsCursor>): readonly ReadParameter[] =>
  after === null ? ["-infinity", "0"] : [new Date(after.recordedAtMs).toISOString(), String(after.seq)];

/** A page of everything that happened to a merchant's payments. */
export async function listEvents(
  source: ReadSource,
  merchant: MerchantId,
  page: Page<EventsCursor>,
): Promise<Found<EventView, EventsCursor>> {
  const rows = await source.connection.read<EventRow>("list_events", LIST_EVENTS, () => [
    bytesOfId(merchant),
    ...behind(page),
    page.limit,
  ]);
  return eventPage(rows, page, source);
}

/** A page of a payment's events; undefined: the payment is unknown, or another merchant's. */
export async function listPaymentEvents(
  source: ReadSource,
  merchant: MerchantId,
  { paymentId, page }: PaymentEventsQuery,
): Promise<Found<EventView, EventsCursor> | undefined> {
  const rows = await source.connection.read<EventRow>("list_payment_events", LIST_PAYMENT_EVENTS, () => [
    bytesOfId(merchant),
    bytesOfId(paymentId),
    ...behind(page),
    page.limit,
  ]);
  if (rows.length === 0) return undefined;
  const events = rows.filter((row) => (row.id as Buffer | null) !== null);
  return eventPage(events, page, source);
}
