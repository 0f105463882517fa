/** Events and deliveries as they are written, before and after each try. Pure: time and chance come in. */
import { bytesOfId, type EventId, idFromBytes, mintedAtMs } from "./domain/index.ts";
import type { Delivery, Dispatched, DueDelivery, OutboxRows, OutgoingEvent, WebhookEndpoint } from "./ports/outbox.ts";
import type { DeliveriesCursor } from "./ports/pages.ts";
import type { EventView } from "./ports/reads.ts";
import type { Presenter } from "./ports/requests.ts";
import { type DeliveryVerdict, judgeTry, LADDER_MS, waitAfterMs } from "./webhooks/index.ts";

export const NO_OUTBOX_ROWS: OutboxRows = { endpoints: [], removedEndpoints: [], events: [], deliveries: [], keys: [] };

/** An event of the merchant's history, rendered once for all endpoints. */
export function outgoingOf(view: EventView, presenter: Presenter): OutgoingEvent {
  const { id, sequence, recordedAtMs, payment } = view;
  const { merchantId, slot, id: paymentId } = payment.terms;
  const { type, body } = presenter.outgoingEvent(view);
  return { id, merchantId, slot, paymentId, sequence, type, createdAtMs: recordedAtMs, body };
}

/** Whether the endpoint asked for events of this type. */
export const wants = ({ eventTypes }: WebhookEndpoint, type: string): boolean =>
  eventTypes === null || eventTypes.includes(type);

/** An event on its way to an endpoint, due now. It bears the event's own time: `placeBefore` finds it by that. */
export function newDelivery(event: OutgoingEvent, endpoint: WebhookEndpoint, nowMs: number): DueDelivery {
  const { id: eventId, merchantId, slot, createdAtMs } = event;
  const delivery: Delivery = {
    eventId,
    endpointId: endpoint.id,
    merchantId,
    slot,
    state: "waiting",
    attempts: 0,
    nextAttemptAtMs: nowMs,
    lastStatus: null,
    lastFailure: null,
    lastAttemptAtMs: null,
    createdAtMs,
  };
  return { delivery, event };
}

/** The same delivery once more, as a merchant asks: the ladder begins anew. */
export const resent = (delivery: Delivery, nowMs: number): Delivery => ({
  ...delivery,
  state: "waiting",
  attempts: 0,
  nextAttemptAtMs: nowMs,
});

/** No try will be made any more. `why`: a stable word; null: what the newest try said. */
export const givenUp = (delivery: Delivery, why: string | null): Delivery => ({
  ...delivery,
  state: "given_up",
  nextAttemptAtMs: null,
  lastFailure: why ?? delivery.lastFailure,
});

/** A try that ended at `nowMs`, judged: what follows, and the row that says so. `fraction`: uniform in [0, 1). */
export function afterTry(
  delivery: Delivery,
  outcome: Dispatched["outcome"],
  nowMs: number,
  fraction: number,
): { readonly verdict: DeliveryVerdict; readonly delivery: Delivery } {
  const standing = { beganAtMs: ladderBeganAtMs(delivery), tries: delivery.attempts };
  const verdict = judgeTry(outcome, standing, nowMs, fraction);
  const tried: Delivery = {
    ...delivery,
    attempts: verdict.tries,
    lastStatus: outcome.kind === "answered" ? outcome.status : null,
    lastFailure: verdict.kind === "delivered" ? null : failureOf(outcome),
    lastAttemptAtMs: nowMs,
  };
  if (verdict.kind === "delivered")
    return { verdict, delivery: { ...tried, state: "delivered", nextAttemptAtMs: null } };
  if (verdict.kind === "retry") return { verdict, delivery: { ...tried, nextAttemptAtMs: verdict.atMs } };
  return { verdict, delivery: givenUp(tried, verdict.kind === "endpoint_gone" ? "gone" : null) };
}

/**
 * When its 72 hours began, Unix ms. They are those of the event, until they are over: who is tried later was sent by
 * hand, or waited for us while we were away, and has as many hours from then on, as far as its tries tell.
 */
export function ladderBeganAtMs({ createdAtMs, attempts, nextAttemptAtMs, lastAttemptAtMs }: Delivery): number {
  if (attempts === 0) return Math.max(createdAtMs, nextAttemptAtMs ?? createdAtMs);
  const lastMs = lastAttemptAtMs ?? createdAtMs;
  if (lastMs < createdAtMs + LADDER_MS) return createdAtMs;
  let waitedMs = 0;
  for (let tries = 1; tries < attempts; tries++) waitedMs += waitAfterMs(tries);
  return Math.max(createdAtMs, lastMs - waitedMs);
}

/** Its hours are over: whoever does not try it may give it up. */
export const isOver = (delivery: Delivery, nowMs: number): boolean => nowMs >= ladderBeganAtMs(delivery) + LADDER_MS;

/** The cursor behind which an event's delivery is the first of a page, newest first. */
export function placeBefore(id: EventId): DeliveriesCursor {
  const bytes = Uint8Array.from(bytesOfId(id));
  for (let i = bytes.length - 1; i >= 0; i--) {
    bytes[i] = ((bytes[i] as number) + 1) & 0xff;
    if (bytes[i] !== 0) break;
  }
  return { createdAtMs: mintedAtMs(bytesOfId(id)), eventId: idFromBytes("evt", bytes) };
}

const failureOf = (outcome: Dispatched["outcome"]): string =>
  outcome.kind === "answered" ? `status_${outcome.status}` : outcome.reason;
