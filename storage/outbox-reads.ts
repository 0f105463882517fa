/** Looks up endpoints of merchants, and how far events came at them. */
import type { QueryResultRow } from "pg";
import { bytesOfId, idFromBytes } from "../actors/domain/index.ts";
import type { EndpointId, MerchantId } from "../actors/domain/index.ts";
import { PaymentClusterError } from "../actors/index.ts";
import type { DeliveriesCursor, Delivery, DeliveryState, DeliveryView, DueDelivery, Found } from "../actors/index.ts";
import type { EndpointStatus, Log, OutgoingEvent, Page, SealedSecret, WebhookEndpoint } from "../actors/index.ts";
import type { Connection } from "./connection.ts";
import { type ReadSource, pageOf } from "./pages.ts";
import { ms } from "./read-model.ts";

const ENDPOINT_COLUMNS = `
  uuid_send(w.id) AS id, uuid_send(w.merchant_id) AS merchant_id, w.slot, w.url, w.event_types, w.status,
  w.disabled_because, w.secrets, w.cursor_seq, w.fingerprint, w.idempotency_key, ${ms("w.cursor_at")} AS cursor_ms,
  ${ms("w.created_at")} AS created_ms, ${ms("w.updated_at")} AS updated_ms`;

interface EndpointRow extends QueryResultRow {
  readonly id: Buffer;
  readonly merchant_id: Buffer;
  readonly slot: number;
  readonly url: string;
  readonly event_types: string | null;
  readonly status: EndpointStatus;
  readonly disabled_because: string | null;
  readonly secrets: string;
  readonly cursor_seq: bigint | null;
  readonly cursor_ms: number | null;
  readonly fingerprint: Buffer;
  readonly idempotency_key: string;
  readonly created_ms: number;
  readonly updated_ms: number;
}

const LIST_ENDPOINTS = `
SELECT ${ENDPOINT_COLUMNS} FROM webhook_endpoint w WHERE w.merchant_id = $1::uuid ORDER BY w.id`;
const FIND_ENDPOINT = `
SELECT ${ENDPOINT_COLUMNS} FROM webhook_endpoint w WHERE w.id = $2::uuid AND w.merchant_id = $1::uuid`;
const LOAD_ENDPOINTS = `SELECT ${ENDPOINT_COLUMNS} FROM webhook_endpoint w ORDER BY w.id`;

/** As `outbox-statement.ts` writes them; earlier releases did not write `madeBy`. */
interface SecretText extends Pick<SealedSecret, "until">, Partial<Pick<SealedSecret, "madeBy">> {
  readonly sealed: string;
}
const secretsOf = (text: string): readonly SealedSecret[] =>
  (JSON.parse(text) as readonly SecretText[]).map(({ sealed, until, madeBy = null }) => ({
    sealed: Buffer.from(sealed, "base64"),
    until,
    madeBy,
  }));

const endpointOf = (row: EndpointRow): WebhookEndpoint => ({
  id: idFromBytes("whe", row.id),
  merchantId: idFromBytes("mer", row.merchant_id),
  slot: row.slot,
  url: row.url,
  eventTypes: row.event_types === null ? null : (JSON.parse(row.event_types) as readonly string[]),
  status: row.status,
  disabledBecause: row.disabled_because,
  secrets: secretsOf(row.secrets),
  createdAtMs: row.created_ms,
  cursor:
    row.cursor_ms === null || row.cursor_seq === null ? null : { recordedAtMs: row.cursor_ms, seq: row.cursor_seq },
  fingerprint: row.fingerprint,
  idempotencyKey: row.idempotency_key,
  updatedAtMs: row.updated_ms,
});

/** All that can be read; the log names the others. Their events wait until a release can read them. */
function readable(rows: readonly EndpointRow[], log: Log): readonly WebhookEndpoint[] {
  return rows.flatMap((row) => {
    try {
      return [endpointOf(row)];
    } catch {
      log.error({ endpoint: idFromBytes("whe", row.id) }, "a stored endpoint cannot be read by this release");
      return [];
    }
  });
}

/** All endpoints of the shard, oldest first, for an activation. */
export async function loadEndpoints(connection: Connection, log: Log): Promise<readonly WebhookEndpoint[]> {
  return readable((await connection.query<EndpointRow>(LOAD_ENDPOINTS)).rows, log);
}

/** A merchant's endpoints, oldest first. */
export async function listEndpoints(
  { connection, log }: ReadSource,
  merchant: MerchantId,
): Promise<readonly WebhookEndpoint[]> {
  const merchantId = bytesOfId(merchant);
  return readable(await connection.read<EndpointRow>("list_endpoints", LIST_ENDPOINTS, () => [merchantId]), log);
}

/** Undefined: unknown, or another merchant's. */
export async function findEndpoint(
  { connection, log }: ReadSource,
  merchant: MerchantId,
  id: EndpointId,
): Promise<WebhookEndpoint | undefined> {
  const rows = await connection.read<EndpointRow>("find_endpoint", FIND_ENDPOINT, () => [
    bytesOfId(merchant),
    bytesOfId(id),
  ]);
  const [endpoint] = readable(rows, log);
  if (endpoint === undefined && rows.length > 0)
    throw new PaymentClusterError("STORAGE_UNAVAILABLE", "a stored endpoint cannot be read by this release");
  return endpoint;
}

const DELIVERY_COLUMNS = `
  uuid_send(d.event_id) AS event_id, uuid_send(d.endpoint_id) AS endpoint_id, uuid_send(d.merchant_id) AS merchant_id,
  d.slot, d.state, d.attempts, d.last_status, d.last_failure, ${ms("d.next_attempt_at")} AS next_attempt_ms,
  ${ms("d.last_attempt_at")} AS last_attempt_ms, ${ms("d.created_at")} AS created_ms,
  uuid_send(e.payment_id) AS payment_id, e.sequence, e.type, ${ms("e.created_at")} AS event_created_ms`;

interface DeliveryRow extends QueryResultRow {
  readonly event_id: Buffer;
  readonly endpoint_id: Buffer;
  readonly merchant_id: Buffer;
  readonly slot: number;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly last_status: number | null;
  readonly last_failure: string | null;
  readonly next_attempt_ms: number | null;
  readonly last_attempt_ms: number | null;
  readonly created_ms: number;
  readonly payment_id: Buffer;
  readonly sequence: number;
  readonly type: string;
  readonly event_created_ms: number;
}

const deliveryOf = (row: DeliveryRow): Delivery => ({
  eventId: idFromBytes("evt", row.event_id),
  endpointId: idFromBytes("whe", row.endpoint_id),
  merchantId: idFromBytes("mer", row.merchant_id),
  slot: row.slot,
  state: row.state,
  attempts: row.attempts,
  nextAttemptAtMs: row.next_attempt_ms,
  lastStatus: row.last_status,
  lastFailure: row.last_failure,
  lastAttemptAtMs: row.last_attempt_ms,
  createdAtMs: row.created_ms,
});
/** An event and its deliveries are of one merchant, and so of one slot. */
const eventOf = (row: DeliveryRow): Omit<OutgoingEvent, "body"> => ({
  id: idFromBytes("evt", row.event_id),
  merchantId: idFromBytes("mer", row.merchant_id),
  slot: row.slot,
  paymentId: idFromBytes("pay", row.payment_id),
  sequence: row.sequence,
  type: row.type,
  createdAtMs: row.event_created_ms,
});

/** The rows of the partial index delivery_waiting, in its order. */
export const FIND_DELIVERIES = `
SELECT ${DELIVERY_COLUMNS}, e.body
  FROM delivery d JOIN merchant_event e ON e.id = d.event_id
 WHERE d.endpoint_id = $1::uuid AND d.state = 'waiting'
 ORDER BY d.next_attempt_at, d.event_id LIMIT $2::int4`;

/** As ShardStore.findDeliveries. */
export async function findDeliveries(
  { connection }: ReadSource,
  endpointId: EndpointId,
  limit: number,
): Promise<readonly DueDelivery[]> {
  const rows = await connection.read<DeliveryRow & { readonly body: Buffer }>(
    "find_deliveries",
    FIND_DELIVERIES,
    () => [bytesOfId(endpointId), limit],
  );
  return rows.map((row) => ({ delivery: deliveryOf(row), event: { ...eventOf(row), body: row.body } }));
}

/** One step through the index for each endpoint that something waits for. */
export const FIND_FORSAKEN = `
WITH RECURSIVE awaited (id) AS (
  (SELECT d.endpoint_id FROM delivery d WHERE d.state = 'waiting' ORDER BY d.endpoint_id LIMIT 1)
  UNION ALL
  SELECT (SELECT d.endpoint_id FROM delivery d
           WHERE d.state = 'waiting' AND d.endpoint_id > a.id ORDER BY d.endpoint_id LIMIT 1)
    FROM awaited a WHERE a.id IS NOT NULL)
SELECT uuid_send(a.id) AS id FROM awaited a
 WHERE a.id IS NOT NULL AND NOT EXISTS (SELECT FROM webhook_endpoint w WHERE w.id = a.id)`;

/** Endpoints that are gone, though deliveries wait for them: whoever was to give those up had no time for it. */
export async function findForsaken(connection: Connection): Promise<readonly EndpointId[]> {
  const { rows } = await connection.query<{ readonly id: Buffer }>(FIND_FORSAKEN);
  return rows.map(({ id }) => idFromBytes("whe", id));
}

/** One row without a delivery when there is none (left). */
export const LIST_DELIVERIES = `
SELECT found.*
  FROM webhook_endpoint w
  LEFT JOIN LATERAL (
    SELECT ${DELIVERY_COLUMNS}, d.created_at AS placed_at, d.event_id AS placed_id
      FROM delivery d JOIN merchant_event e ON e.id = d.event_id
     WHERE d.endpoint_id = w.id AND (d.created_at, d.event_id) < ($3::timestamptz, $4::uuid)
     ORDER BY d.created_at DESC, d.event_id DESC LIMIT $5::int4 + 1) found ON true
 WHERE w.id = $2::uuid AND w.merchant_id = $1::uuid
 ORDER BY found.placed_at DESC, found.placed_id DESC`;
const LAST_ID = Buffer.alloc(16, 0xff);

/** A page of an endpoint's deliveries, newest first; undefined: the endpoint is unknown, or another merchant's. */
export async function listDeliveries(
  { connection }: ReadSource,
  merchant: MerchantId,
  endpointId: EndpointId,
  { limit, after }: Page<DeliveriesCursor>,
): Promise<Found<DeliveryView, DeliveriesCursor> | undefined> {
  const rows = await connection.read<DeliveryRow>("list_deliveries", LIST_DELIVERIES, () => [
    bytesOfId(merchant),
    bytesOfId(endpointId),
    after === null ? "infinity" : new Date(after.createdAtMs).toISOString(),
    after === null ? LAST_ID : bytesOfId(after.eventId),
    limit,
  ]);
  if (rows.length === 0) return undefined;
  const views = rows
    .filter((row) => (row.event_id as Buffer | null) !== null)
    .map((row) => ({ delivery: deliveryOf(row), event: eventOf(row) }));
  return pageOf(views, limit, ({ delivery: { createdAtMs, eventId } }) => ({ createdAtMs, eventId }));
}
