/** A merchant's receivers of events, what became of each delivery, and an event as it is sent to them. */
import { Buffer } from "node:buffer";
import type { DeliveryView, EventView, WebhookEndpoint } from "../actors/index.ts";
import { eventDataJson, typeOfEvent } from "./event-json.ts";
import { quote, type TimeWriter, word } from "./json-words.ts";

/** Version of the shape of outgoing events; receivers are told it in each. */
export const EVENT_API_VERSION = "2026-11-01";
/** Standard Webhooks asks for small bodies; receivers may refuse larger ones. */
export const EVENT_BODY_MAX_BYTES = 20_000;

const timeOrNull = (atMs: number | null, time: TimeWriter): string => (atMs === null ? "null" : time(atMs));

/** `secret`: in clear, for whoever asked for it; null: not any more; undefined: nobody asked. */
export const endpointJson = (endpoint: WebhookEndpoint, secret: string | null | undefined, time: TimeWriter): string =>
  `{"id":${word(endpoint.id)},"object":"webhook_endpoint","url":${quote(endpoint.url)}` +
  `,"event_types":${endpoint.eventTypes === null ? "null" : `[${endpoint.eventTypes.map(quote).join(",")}]`}` +
  `,"status":${word(endpoint.status)},"disabled_reason":${quote(endpoint.disabledBecause)}` +
  `,"created_at":${time(endpoint.createdAtMs)},"updated_at":${time(endpoint.updatedAtMs)}` +
  `${secret === undefined ? "" : `,"secret":${quote(secret)}`}}`;

export const deliveryJson = ({ delivery, event }: DeliveryView, time: TimeWriter): string =>
  `{"object":"webhook_delivery","event_id":${word(event.id)},"event_type":${quote(event.type)}` +
  `,"payment_id":${word(event.paymentId)},"sequence":${event.sequence}` +
  `,"status":${word(delivery.state)},"attempts":${delivery.attempts}` +
  `,"next_attempt_at":${timeOrNull(delivery.nextAttemptAtMs, time)}` +
  `,"last_status":${delivery.lastStatus},"last_failure":${quote(delivery.lastFailure)}` +
  `,"last_attempt_at":${timeOrNull(delivery.lastAttemptAtMs, time)},"created_at":${time(delivery.createdAtMs)}}`;

/**
 * The event of `GET /v1/events` in the form in which it is sent (gateways.md §4). A payment whose texts make it larger
 * than receivers must take is sent without its metadata and description, and says so.
 */
export function outgoingEventJson(event: EventView, time: TimeWriter): string {
  const whole = write(event, time, "");
  return Buffer.byteLength(whole) <= EVENT_BODY_MAX_BYTES
    ? whole
    : write(withoutTexts(event), time, ',"shortened":true');
}

function write(event: EventView, time: TimeWriter, more: string): string {
  const { payment, fromStatus } = event;
  const previous =
    fromStatus === payment.status || fromStatus === "created" ? "null" : `{"status":${word(fromStatus)}}`;
  return (
    `{"id":${word(event.id)},"type":${word(typeOfEvent(event))},"created":${time(event.recordedAtMs)}` +
    `,"api_version":"${EVENT_API_VERSION}","payment_id":${word(payment.terms.id)},"sequence":${event.sequence}` +
    `,"data":${eventDataJson(event, time)},"previous":${previous}${more}}`
  );
}

/** What is left are texts of some hundred characters each. */
const withoutTexts = (event: EventView): EventView => ({
  ...event,
  payment: { ...event.payment, terms: { ...event.payment.terms, metadataJson: "{}", description: null } },
});
