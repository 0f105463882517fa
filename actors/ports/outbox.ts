/** What goes out to merchants: their endpoints, the events for them, and how far each came. Times: Unix milliseconds. */
import type { EndpointId, EventId, MerchantId, PaymentId } from "../domain/index.ts";
import type { EventsCursor } from "./pages.ts";

/** `disabled`: by its merchant, or because it answered 410. */
export type EndpointStatus = "enabled" | "disabled";

/** A merchant's receiver of events. */
export interface WebhookEndpoint {
  readonly id: EndpointId;
  readonly merchantId: MerchantId;
  readonly slot: number;
  readonly url: string;
  /** Types of events that it wants; null: all. */
  readonly eventTypes: readonly string[] | null;
  readonly status: EndpointStatus;
  /** Why it is disabled: `gone`, `merchant`; null: it is not. */
  readonly disabledBecause: string | null;
  /** Sealed by the vault; the newest first. Two while a secret is being replaced. */
  readonly secrets: readonly SealedSecret[];
  readonly createdAtMs: number;
  /** Behind which row of its merchant's history the next event is; null: before the first. */
  readonly cursor: EventsCursor | null;
  /** Of the request that made it. */
  readonly fingerprint: Uint8Array;
  readonly idempotencyKey: string;
  /** When its merchant last changed it. */
  readonly updatedAtMs: number;
}

export interface SealedSecret {
  readonly sealed: Uint8Array;
  /** No longer used from then on; null: for ever. */
  readonly until: number | null;
  /** The request that made it, whose repeats are shown it for a while; null: a release wrote it that did not note that. */
  readonly madeBy: { readonly key: string; readonly atMs: number } | null;
}

/** An event as it is sent: bytes that are never made again. */
export interface OutgoingEvent {
  readonly id: EventId;
  readonly merchantId: MerchantId;
  readonly slot: number;
  readonly paymentId: PaymentId;
  /** 1 for the payment's first, then without a gap. */
  readonly sequence: number;
  readonly type: string;
  readonly createdAtMs: number;
  readonly body: Uint8Array;
}

export type DeliveryState = "waiting" | "delivered" | "given_up";

/** How far one event came at one endpoint. */
export interface Delivery {
  readonly eventId: EventId;
  readonly endpointId: EndpointId;
  readonly merchantId: MerchantId;
  readonly slot: number;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly nextAttemptAtMs: number | null;
  /** HTTP status of the newest answer; null: none came. */
  readonly lastStatus: number | null;
  /** A stable word for why the newest try failed; null: it did not. */
  readonly lastFailure: string | null;
  readonly lastAttemptAtMs: number | null;
  readonly createdAtMs: number;
}

/** A delivery with what is to be sent. */
export interface DueDelivery {
  readonly delivery: Delivery;
  readonly event: OutgoingEvent;
}

/** Rows to be written together; upserts by id, but events, which are inserted once. */
export interface OutboxRows {
  readonly endpoints: readonly WebhookEndpoint[];
  readonly removedEndpoints: readonly EndpointId[];
  readonly events: readonly OutgoingEvent[];
  readonly deliveries: readonly Delivery[];
  /** The key of the request that made an endpoint: it may not be used for anything else. */
  readonly keys: readonly EndpointKey[];
}

/** Its row in the table of idempotency keys bears the endpoint's uuid where those of payments bear a payment's. */
export interface EndpointKey {
  readonly merchantId: MerchantId;
  readonly slot: number;
  readonly key: string;
  readonly route: string;
  readonly fingerprint: Uint8Array;
  readonly endpointId: EndpointId;
}

/** One try, done in another thread. `secrets`: in clear, newest first. */
export interface Dispatch {
  readonly deliveryKey: string;
  /** Its receiver answers at once: it may have the sockets that are kept from the others. */
  readonly isQuick: boolean;
  readonly url: string;
  readonly eventId: EventId;
  readonly body: Uint8Array;
  readonly secrets: readonly string[];
}

/** How a try ended. `refused`: nothing was sent, for the address is not one that we may reach. */
export interface Dispatched {
  readonly deliveryKey: string;
  readonly outcome:
    | { readonly kind: "answered"; readonly status: number; readonly retryAfterMs: number | null }
    | { readonly kind: "refused" | "failed"; readonly reason: string };
  readonly tookMs: number;
}

/** Takes tries out of the actor's thread. Each is answered once through a call-back given at construction, or never. */
export interface DispatchDesk {
  submit(tries: readonly Dispatch[]): void;
}

/** Encrypts the secrets of endpoints. Associated data: merchant, table, column, row. */
export interface EndpointVault {
  seal(endpoint: Pick<WebhookEndpoint, "id" | "merchantId">, plain: Uint8Array): Uint8Array;
  /** Throws when the bytes were changed, cut, or moved to another row. */
  open(endpoint: Pick<WebhookEndpoint, "id" | "merchantId">, sealed: Uint8Array): Uint8Array;
}
