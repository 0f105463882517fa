/** The endpoints of a fake shard: made, replaced and removed as a merchant asks, with a delivery for each event. */
import { randomBytes } from "node:crypto";
import {
  type EndpointId,
  type EventId,
  type MerchantId,
  mintId,
  type Refusal,
  refuse,
} from "../../actors/domain/index.ts";
import type { CreateEndpoint, DeliveryView, EventView, WebhookEndpoint } from "../../actors/index.ts";
import { mintSecret, PUBLIC_ENDPOINTS, readEndpointUrl } from "../../actors/webhooks/index.ts";
import { typeOfEvent } from "../event-json.ts";

const SLOT = 7;
export const ENDPOINTS_MAX = 20;

const TOO_MANY = refuse("validation_failed", `A merchant has at most ${ENDPOINTS_MAX} endpoints.`, {
  errors: [{ pointer: "", code: "too_many_endpoints", detail: `A merchant has at most ${ENDPOINTS_MAX} endpoints.` }],
});
const NO_URL = "The URL is not one that events are sent to.";
const INVALID_URL = refuse("validation_failed", NO_URL, {
  errors: [{ pointer: "/url", code: "invalid_url", detail: NO_URL }],
});

export class FakeEndpoints {
  readonly #endpoints = new Map<EndpointId, WebhookEndpoint>();
  readonly #deliveries = new Map<EndpointId, DeliveryView[]>();

  own(merchant: MerchantId, id: EndpointId): WebhookEndpoint | undefined {
    const endpoint = this.#endpoints.get(id);
    return endpoint?.merchantId === merchant ? endpoint : undefined;
  }

  ofMerchant(merchant: MerchantId): readonly WebhookEndpoint[] {
    return [...this.#endpoints.values()].filter(({ merchantId }) => merchantId === merchant);
  }

  /** Newest event first. */
  deliveriesOf(id: EndpointId): readonly DeliveryView[] {
    return (this.#deliveries.get(id) ?? []).toReversed();
  }

  create(
    merchantId: MerchantId,
    idempotencyKey: string,
    { url, eventTypes, fingerprint }: CreateEndpoint,
  ): { readonly endpoint: WebhookEndpoint; readonly secret: string } | Refusal {
    const read = readEndpointUrl(url, PUBLIC_ENDPOINTS);
    if (typeof read === "string") return INVALID_URL;
    if (this.ofMerchant(merchantId).length >= ENDPOINTS_MAX) return TOO_MANY;
    const nowMs = Date.now();
    const endpoint: WebhookEndpoint = {
      id: mintId("whe", SLOT, nowMs, randomBytes(8)),
      merchantId,
      slot: SLOT,
      url: read.href,
      eventTypes,
      status: "enabled",
      disabledBecause: null,
      secrets: [],
      createdAtMs: nowMs,
      cursor: null,
      fingerprint,
      idempotencyKey,
      updatedAtMs: nowMs,
    };
    this.#endpoints.set(endpoint.id, endpoint);
    return { endpoint, secret: newSecret() };
  }

  rotate(endpoint: WebhookEndpoint): { readonly endpoint: WebhookEndpoint; readonly secret: string } {
    const changed = { ...endpoint, updatedAtMs: Date.now() };
    this.#endpoints.set(changed.id, changed);
    return { endpoint: changed, secret: newSecret() };
  }

  resend(endpoint: WebhookEndpoint, eventId: EventId): DeliveryView | undefined {
    return this.#deliveries.get(endpoint.id)?.find(({ event }) => event.id === eventId);
  }

  remove(merchant: MerchantId, id: EndpointId): boolean {
    return this.own(merchant, id) !== undefined && this.#endpoints.delete(id);
  }

  note(event: EventView): void {
    const { terms } = event.payment;
    const type = typeOfEvent(event);
    for (const { id, merchantId, eventTypes } of this.ofMerchant(terms.merchantId)) {
      if (eventTypes !== null && !eventTypes.includes(type)) continue;
      const { id: eventId, sequence, recordedAtMs: createdAtMs } = event;
      const common = { merchantId, slot: SLOT, createdAtMs };
      const view: DeliveryView = {
        delivery: { ...common, ...WAITING, eventId, endpointId: id },
        event: { ...common, id: eventId, paymentId: terms.id, sequence, type },
      };
      this.#deliveries.set(id, [...(this.#deliveries.get(id) ?? []), view]);
    }
  }
}

const newSecret = (): string => mintSecret({ bytes: (count) => randomBytes(count) });
const WAITING = {
  state: "waiting",
  attempts: 0,
  nextAttemptAtMs: null,
  lastStatus: null,
  lastFailure: null,
  lastAttemptAtMs: null,
} as const;
