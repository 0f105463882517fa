/** Writes endpoints, events and deliveries. The rules are those of `outbox-rows.ts`. */
import { bytesOfId } from "../actors/domain/index.ts";
import type { EndpointId } from "../actors/domain/index.ts";
import type { Delivery, EndpointKey, Lease, OutboxRows, OutgoingEvent, WebhookEndpoint } from "../actors/index.ts";
import { column } from "./binary-arrays.ts";
import type { Column, Scratch } from "./binary-arrays.ts";
import { mergeOutbox } from "./outbox-rows.ts";
import { renewingStatement, writeOf } from "./renewing-statement.ts";
import type { Statement } from "./transaction.ts";

/** Sealed bytes as text: a row has one or two of them. */
const secretsText = ({ secrets }: WebhookEndpoint): string =>
  JSON.stringify(secrets.map((one) => ({ ...one, sealed: Buffer.from(one.sealed).toString("base64") })));

const ENDPOINT: readonly Column<WebhookEndpoint>[] = [
  column("created_at", "timestamptz", (r) => r.createdAtMs),
  column("updated_at", "timestamptz", (r) => r.updatedAtMs),
  column("cursor_at", "timestamptz", (r) => r.cursor?.recordedAtMs ?? null),
  column("cursor_seq", "int8", (r) => r.cursor?.seq ?? null),
  column("slot", "int2", (r) => r.slot),
  column("id", "uuid", (r) => bytesOfId(r.id)),
  column("merchant_id", "uuid", (r) => bytesOfId(r.merchantId)),
  column("url", "text", (r) => r.url),
  column("event_types", "text", (r) => (r.eventTypes === null ? null : JSON.stringify(r.eventTypes))),
  column("status", "text", (r) => r.status),
  column("disabled_because", "text", (r) => r.disabledBecause),
  column("secrets", "text", secretsText),
  column("idempotency_key", "text", (r) => r.idempotencyKey),
  column("fingerprint", "bytea", (r) => r.fingerprint),
];
const EVENT: readonly Column<OutgoingEvent>[] = [
  column("payment_id", "uuid", (r) => bytesOfId(r.paymentId)),
  column("sequence", "int4", (r) => r.sequence),
  column("id", "uuid", (r) => bytesOfId(r.id)),
  column("merchant_id", "uuid", (r) => bytesOfId(r.merchantId)),
  column("slot", "int2", (r) => r.slot),
  column("type", "text", (r) => r.type),
  column("created_at", "timestamptz", (r) => r.createdAtMs),
  column("body", "bytea", (r) => r.body),
];
const DELIVERY: readonly Column<Delivery>[] = [
  column("created_at", "timestamptz", (r) => r.createdAtMs),
  column("next_attempt_at", "timestamptz", (r) => r.nextAttemptAtMs),
  column("last_attempt_at", "timestamptz", (r) => r.lastAttemptAtMs),
  column("attempts", "int4", (r) => r.attempts),
  column("last_status", "int2", (r) => r.lastStatus),
  column("slot", "int2", (r) => r.slot),
  column("event_id", "uuid", (r) => bytesOfId(r.eventId)),
  column("endpoint_id", "uuid", (r) => bytesOfId(r.endpointId)),
  column("merchant_id", "uuid", (r) => bytesOfId(r.merchantId)),
  column("state", "text", (r) => r.state),
  column("last_failure", "text", (r) => r.lastFailure),
];
const REMOVED = [column<EndpointId, "uuid">("id", "uuid", (id) => bytesOfId(id))];
const KEY: readonly Column<EndpointKey>[] = [
  column("slot", "int2", (r) => r.slot),
  column("merchant_id", "uuid", (r) => bytesOfId(r.merchantId)),
  column("payment_id", "uuid", (r) => bytesOfId(r.endpointId)),
  column("operation_id", "uuid", (r) => bytesOfId(r.endpointId)),
  column("key", "text", (r) => r.key),
  column("route", "text", (r) => r.route),
  column("fingerprint", "bytea", (r) => r.fingerprint),
];

const namesOf = (columns: readonly { readonly name: string }[]): string => columns.map(({ name }) => name).join(", ");
const setOf = (columns: readonly { readonly name: string }[], ...fixed: readonly string[]): string =>
  columns
    .filter(({ name }) => !fixed.includes(name))
    .map(({ name }) => `${name} = excluded.${name}`)
    .join(", ");

const saveMerged = renewingStatement<OutboxRows>("save_outbox", [
  writeOf(
    KEY,
    ({ keys }) => keys,
    (rows) => `
  INSERT INTO idempotency (${namesOf(KEY)}, of_endpoint) SELECT ${namesOf(KEY)}, true FROM ${rows}`,
  ),
  writeOf(
    ENDPOINT,
    ({ endpoints }) => endpoints,
    (rows) => `
  INSERT INTO webhook_endpoint (${namesOf(ENDPOINT)}) SELECT ${namesOf(ENDPOINT)} FROM ${rows}
  ON CONFLICT (id) DO UPDATE SET ${setOf(ENDPOINT, "id", "created_at")}`,
  ),
  writeOf(
    REMOVED,
    ({ removedEndpoints }) => removedEndpoints,
    (rows) => `DELETE FROM webhook_endpoint w USING ${rows} WHERE w.id = r.id`,
  ),
  writeOf(
    EVENT,
    ({ events }) => events,
    (rows) => `
  INSERT INTO merchant_event (${namesOf(EVENT)}) SELECT ${namesOf(EVENT)} FROM ${rows} ON CONFLICT (id) DO NOTHING`,
  ),
  writeOf(
    DELIVERY,
    ({ deliveries }) => deliveries,
    (rows) => `
  INSERT INTO delivery (${namesOf(DELIVERY)}) SELECT ${namesOf(DELIVERY)} FROM ${rows}
  ON CONFLICT (event_id, endpoint_id) DO UPDATE SET ${setOf(DELIVERY, "event_id", "endpoint_id", "created_at")}
   WHERE excluded.state <> 'given_up' OR delivery.state = 'waiting'`,
  ),
]);

export const saveOutboxStatement = (lease: Lease, rows: OutboxRows, scratch: Scratch): Statement =>
  saveMerged(lease, mergeOutbox(rows), scratch);
