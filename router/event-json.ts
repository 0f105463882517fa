/** What an event tells, in a list as in what is sent to endpoints. */
import type { EventView } from "../actors/index.ts";
import { type EventType, eventTypeOf } from "./event-types.ts";
import { quote, type TimeWriter, word } from "./json-words.ts";
import { paymentJson, refundJson } from "./payment-json.ts";

/** Throws on a fact that merchants do not see: then it is no event. */
export function typeOfEvent({ fact, payment }: EventView): EventType {
  const type = eventTypeOf(fact, payment.operation.kind);
  if (type === null) throw new Error(`merchants do not see ${fact}`);
  return type;
}

/** The payment as it was after the event; in events of a refund that stands beside it. */
export function eventDataJson({ payment, recordedAtMs }: EventView, time: TimeWriter): string {
  const { operation } = payment;
  const refund =
    operation.kind === "refund" ? `,"refund":${refundJson(payment, operation, recordedAtMs, null, time)}` : "";
  return `{"payment":${paymentJson(payment, null, time)}${refund}}`;
}

/** The event object of the API. */
export const eventJson = (event: EventView, time: TimeWriter): string =>
  `{"id":${word(event.id)},"object":"event","type":${word(typeOfEvent(event))},"created_at":${time(event.recordedAtMs)}` +
  `,"api_version":"v1","payment_id":${word(event.payment.terms.id)},"sequence":${event.sequence}` +
  `,"request":{"id":${quote(event.requestId)},"idempotency_key":${quote(event.idempotencyKey)}}` +
  `,"data":${eventDataJson(event, time)}}`;
