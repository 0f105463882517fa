/** What stands beside a payment's journal: requests, postings, notices, events with their deliveries, and findings. */
import { idFromBytes, type MerchantId, type OperationId, type PaymentId } from "../actors/domain/index.ts";
import type { DeliveryState, GatewayNotice, NoticeState, NoticeVerdict } from "../actors/index.ts";
import { GATEWAY, LEDGER_ACCOUNT, LEDGER_KIND } from "./codes.ts";
import { ms } from "./read-model.ts";
import type { AskShard } from "./snapshot.ts";
import { uuidOf } from "./story-rows.ts";
import type { StoryDelivery, StoryEntry, StoryEvent, StoryFinding, StoryNotice, StoryRequest } from "./story-types.ts";

/** Newest of each that are read. */
const NEWEST_MAX = 1_000;

const uuids = (ids: readonly string[]): string => `{${ids.map(uuidOf).join()}}`;
const operationOf = (bytes: Buffer | null): OperationId | null => (bytes === null ? null : idFromBytes("op", bytes));

interface RequestRow {
  readonly key: string;
  readonly route: string;
  readonly operation_id: Buffer;
}
const REQUESTS = `
SELECT i.key, i.route, uuid_send(i.operation_id) AS operation_id
  FROM unnest($3::text[]) k(key) JOIN idempotency i ON i.merchant_id = $1::uuid AND i.key = k.key
 WHERE i.payment_id = $2::uuid AND i.of_endpoint IS NULL`;

/** `keys`: that may have asked for something of the payment. `replies`: statuses of the stored answers, by operation. */
export async function readRequests(
  ask: AskShard,
  { merchantId, paymentId }: { readonly merchantId: MerchantId; readonly paymentId: PaymentId },
  keys: readonly string[],
  replies: ReadonlyMap<OperationId, number>,
): Promise<readonly StoryRequest[]> {
  const array = `{${keys.map((key) => `"${key.replaceAll(/["\\]/g, String.raw`\$&`)}"`).join()}}`;
  const rows = await ask<RequestRow>(REQUESTS, [uuidOf(merchantId), uuidOf(paymentId), array]);
  return rows.map(({ key, route, operation_id }) => {
    const operationId = idFromBytes("op", operation_id);
    return { key, route, operationId, replyStatus: replies.get(operationId) ?? null };
  });
}

interface EntryRow {
  readonly seq: string;
  readonly operation_id: Buffer;
  readonly kind: number;
  readonly debit: number;
  readonly credit: number;
  readonly amount: string;
  readonly currency: string;
}
const ENTRIES = `
SELECT seq::text, uuid_send(operation_id) AS operation_id, kind, debit, credit, amount::text, currency
  FROM ledger_entry WHERE operation_id = ANY ($1::uuid[]) ORDER BY ledger_entry.seq, kind`;

export async function readEntries(ask: AskShard, operations: readonly OperationId[]): Promise<readonly StoryEntry[]> {
  return (await ask<EntryRow>(ENTRIES, [uuids(operations)])).map((row) => ({
    seq: row.seq,
    operationId: idFromBytes("op", row.operation_id),
    kind: LEDGER_KIND.word(row.kind),
    debit: LEDGER_ACCOUNT.word(row.debit),
    credit: LEDGER_ACCOUNT.word(row.credit),
    amountMinor: row.amount,
    currency: row.currency,
  }));
}

interface NoticeRow {
  readonly gateway: number;
  readonly dedupe_key: string;
  readonly type: string;
  readonly state: NoticeState;
  readonly verdict: NoticeVerdict;
  readonly operation_id: Buffer | null;
  readonly received_ms: number;
  readonly processed_ms: number | null;
  readonly tries: number;
  readonly next_try_ms: number | null;
  readonly notice: string;
}
/** Columns of a notice `g`. */
export const NOTICE_COLUMNS = `
  g.gateway, g.dedupe_key, g.type, g.state, g.verdict, uuid_send(g.operation_id) AS operation_id,
  ${ms("g.received_at")} AS received_ms, ${ms("g.processed_at")} AS processed_ms, g.tries,
  ${ms("g.next_try_at")} AS next_try_ms, g.notice`;
/** No index leads from a payment to its notices or findings: these pass the whole table, within the statement's time. */
const NOTICES = `
SELECT ${NOTICE_COLUMNS} FROM gateway_event g
 WHERE g.payment_id = $1::uuid OR g.operation_id = ANY ($2::uuid[])
 ORDER BY g.received_at DESC, g.dedupe_key DESC LIMIT ${NEWEST_MAX}`;

/** In the order in which they came. */
export async function readNotices(
  ask: AskShard,
  paymentId: PaymentId,
  operations: readonly OperationId[],
): Promise<readonly StoryNotice[]> {
  const rows = await ask<NoticeRow>(NOTICES, [uuidOf(paymentId), uuids(operations)]);
  return rows.map(storyNoticeOf).reverse();
}

/** A row of NOTICE_COLUMNS. */
export function storyNoticeOf(row: NoticeRow): StoryNotice {
  const told = toldBy(row.notice);
  return {
    gateway: GATEWAY.word(row.gateway),
    dedupeKey: row.dedupe_key,
    type: row.type,
    state: row.state,
    verdict: row.verdict,
    operationId: operationOf(row.operation_id),
    receivedAtMs: row.received_ms,
    processedAtMs: row.processed_ms,
    tries: row.tries,
    nextTryAtMs: row.next_try_ms,
    claim: told?.claim.kind ?? null,
    amountMinor: told?.amount ?? null,
    currency: told?.currency ?? null,
    reference: told?.reference ?? told?.paymentReference ?? null,
  };
}

/** Text that another release or a hand has written may be anything. */
function toldBy(text: string): GatewayNotice | null {
  try {
    const told = JSON.parse(text) as Partial<GatewayNotice> | null;
    return typeof told?.claim?.kind === "string" ? (told as GatewayNotice) : null;
  } catch {
    return null;
  }
}

interface EventRow {
  readonly id: Buffer;
  readonly sequence: number;
  readonly type: string;
  readonly created_ms: number;
  readonly endpoint_id: Buffer | null;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly last_status: number | null;
  readonly last_failure: string | null;
  readonly last_attempt_ms: number | null;
  readonly next_attempt_ms: number | null;
}
const EVENTS = `
SELECT uuid_send(e.id) AS id, e.sequence, e.type, ${ms("e.created_at")} AS created_ms,
       uuid_send(d.endpoint_id) AS endpoint_id, d.state, d.attempts, d.last_status, d.last_failure,
       ${ms("d.last_attempt_at")} AS last_attempt_ms, ${ms("d.next_attempt_at")} AS next_attempt_ms
  FROM (SELECT * FROM merchant_event WHERE payment_id = $1::uuid ORDER BY sequence DESC LIMIT ${NEWEST_MAX}) e
  LEFT JOIN delivery d ON d.event_id = e.id
 ORDER BY e.sequence, d.endpoint_id`;

/** Those that some endpoint wanted, in their order. */
export async function readEvents(ask: AskShard, paymentId: PaymentId): Promise<readonly StoryEvent[]> {
  const rows = await ask<EventRow>(EVENTS, [uuidOf(paymentId)]);
  return [...Map.groupBy(rows, ({ sequence }) => sequence).values()].map((ofEvent) => {
    const { id, sequence, type, created_ms } = ofEvent[0] as EventRow;
    return {
      id: idFromBytes("evt", id),
      sequence,
      type,
      createdAtMs: created_ms,
      deliveries: ofEvent.flatMap(deliveryOf),
    };
  });
}

function deliveryOf({ endpoint_id: endpoint, ...row }: EventRow): readonly StoryDelivery[] {
  if (endpoint === null) return [];
  return [
    {
      endpointId: idFromBytes("whe", endpoint),
      state: row.state,
      attempts: row.attempts,
      lastStatus: row.last_status,
      lastFailure: row.last_failure,
      lastAttemptAtMs: row.last_attempt_ms,
      nextAttemptAtMs: row.next_attempt_ms,
    },
  ];
}

interface FindingRow {
  readonly class: string;
  readonly state: StoryFinding["state"];
  readonly operation_id: Buffer | null;
  readonly expected: string | null;
  readonly observed: string | null;
  readonly evidence: string | null;
  readonly suggested_action: string | null;
  readonly first_seen_ms: number;
  readonly resolved_ms: number | null;
  readonly resolved_by: string | null;
}
const FINDINGS = `
SELECT class, state, uuid_send(operation_id) AS operation_id, expected, observed, evidence, suggested_action,
       ${ms("first_seen_at")} AS first_seen_ms, ${ms("resolved_at")} AS resolved_ms, resolved_by
  FROM discrepancy WHERE payment_id = $1::uuid OR operation_id = ANY ($2::uuid[])
 ORDER BY first_seen_at, dedupe_key LIMIT ${NEWEST_MAX}`;

/** In the order in which they were first seen. */
export async function readFindings(
  ask: AskShard,
  paymentId: PaymentId,
  operations: readonly OperationId[],
): Promise<readonly StoryFinding[]> {
  return (await ask<FindingRow>(FINDINGS, [uuidOf(paymentId), uuids(operations)])).map((row) => ({
    class: row.class,
    state: row.state,
    operationId: operationOf(row.operation_id),
    expected: row.expected,
    observed: row.observed,
    evidence: row.evidence,
    suggestedAction: row.suggested_action,
    firstSeenAtMs: row.first_seen_ms,
    resolvedAtMs: row.resolved_ms,
    resolvedBy: row.resolved_by,
  }));
}
