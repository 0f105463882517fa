// biome-ignore-all format: generated
/** What the API takes and answers. Generated from its OpenAPI document by write-types.ts; edit nothing here. */

export const ERROR_CODES = [
  "invalid_request",
  "invalid_json",
  "duplicate_field",
  "idempotency_key_missing",
  "invalid_idempotency_key",
  "invalid_parameter",
  "unauthenticated",
  "invalid_token",
  "invalid_client",
  "invalid_signature",
  "payment_declined",
  "insufficient_scope",
  "merchant_suspended",
  "not_found",
  "method_not_allowed",
  "idempotency_key_in_use",
  "operation_in_doubt",
  "invalid_transition",
  "body_too_large",
  "unsupported_media_type",
  "validation_failed",
  "card_data_not_accepted",
  "idempotency_key_reuse",
  "amount_out_of_range",
  "amount_exceeds_capturable",
  "amount_exceeds_refundable",
  "currency_not_enabled",
  "rate_limited",
  "internal_error",
  "shard_unavailable",
  "storage_unavailable",
  "gateway_unavailable",
  "overloaded",
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

export const EVENT_TYPES = [
  "payment.pending",
  "payment.processing",
  "refund.processing",
  "payment.in_doubt",
  "refund.in_doubt",
  "payment.needs_review",
  "refund.needs_review",
  "payment.authorized",
  "payment.captured",
  "payment.failed",
  "payment.canceled",
  "payment.expired",
  "payment.late_authorized",
  "payment.late_captured",
  "payment.capture_requested",
  "payment.capture_failed",
  "payment.cancel_requested",
  "payment.cancel_failed",
  "payment.cancel_settled",
  "refund.created",
  "refund.succeeded",
  "refund.failed",
  "payment.capture_reversed",
  "refund.reversed",
  "dispute.updated",
  "dispute.funds_withdrawn",
  "dispute.funds_reinstated",
  "dispute.lost",
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

export const PAYMENT_STATUSES = [
  "created",
  "pending",
  "authorized",
  "captured",
  "failed",
  "canceled",
  "expired",
] as const;
export type PaymentStatus = (typeof PAYMENT_STATUSES)[number];

export const REFUND_STATUSES = [
  "pending",
  "succeeded",
  "failed",
] as const;
export type RefundStatus = (typeof REFUND_STATUSES)[number];

/** Standard notifications as Adyen documents them: one or many. */
export interface AdyenNotification {
  readonly live: string;
  readonly notificationItems: readonly unknown[];
}

/** RFC 8414. */
export interface AuthorizationServer {
  /** Who issues the tokens. */
  readonly issuer: string;
  /** Where they are issued. */
  readonly token_endpoint: string;
  /** Where the public keys are. */
  readonly jwks_uri: string;
  readonly grant_types_supported: readonly string[];
  readonly response_types_supported: readonly string[];
  readonly token_endpoint_auth_methods_supported: readonly string[];
  readonly scopes_supported: readonly string[];
}

export interface Balance {
  /** ISO 4217. */
  readonly currency: string;
  /** Reserved and not captured. Minor units. */
  readonly held: number;
  /** Captured, less what was or is being refunded. Minor units. */
  readonly payable: number;
  /** Refunds that are open. Minor units. */
  readonly refunding: number;
  /** Owed by each gateway. */
  readonly receivable: readonly {
    readonly gateway: string;
    /** Minor units. */
    readonly amount: number;
  }[];
}

export interface Balances {
  readonly object: "balances";
  /** One for each currency. */
  readonly data: readonly Balance[];
}

export interface CancelPayment {
  /** Equal to the X-Idempotency-Key header. */
  readonly idempotency_key?: string;
}

export interface CapturePayment {
  /** Minor units, at most what is authorized; the rest is released. Left out: all of it. */
  readonly amount?: number;
  /** Equal to the X-Idempotency-Key header. */
  readonly idempotency_key?: string;
}

export interface CreatePayment {
  /** Minor units of the currency, a plain integer. */
  readonly amount: number;
  /** ISO 4217, upper case. */
  readonly currency: "AED" | "AUD" | "BGN" | "BHD" | "BRL" | "CAD" | "CHF" | "CLP" | "CNY" | "COP" | "CVE" | "CZK" | "DKK" | "EUR" | "GBP" | "HKD" | "HUF" | "IDR" | "ILS" | "INR" | "ISK" | "JOD" | "JPY" | "KRW" | "KWD" | "MXN" | "MYR" | "NOK" | "NZD" | "OMR" | "PHP" | "PLN" | "QAR" | "RON" | "SAR" | "SEK" | "SGD" | "THB" | "TND" | "TRY" | "TWD" | "UGX" | "USD" | "VND" | "XAF" | "XOF" | "ZAR";
  /** A gateway's token. Never a card number. Write-only. */
  readonly payment_method: string;
  readonly capture_method?: "automatic" | "manual";
  readonly gateway?: "auto" | "stripe" | "adyen";
  /** The merchant's own reference. */
  readonly merchant_reference?: string;
  /** Shown to people. */
  readonly description?: string;
  readonly customer?: {
    /** Write-only. */
    readonly email?: string;
    /** Write-only. */
    readonly name?: string;
  };
  readonly metadata?: Readonly<Record<string, string>>;
  /** Equal to the X-Idempotency-Key header. */
  readonly idempotency_key?: string;
}

export interface CreateRefund {
  /** Minor units, at most what was captured and not refunded yet. Left out: all of it. */
  readonly amount?: number;
  /** The merchant's words, kept with the refund. */
  readonly reason?: string;
  /** Equal to the X-Idempotency-Key header. */
  readonly idempotency_key?: string;
}

export interface CreateWebhookEndpoint {
  /** Where events are sent by POST: https, a public host, no user information, no fragment. */
  readonly url: string;
  /** Only events of these types. Left out: all. */
  readonly event_types?: readonly EventType[];
  /** Equal to the X-Idempotency-Key header. */
  readonly idempotency_key?: string;
}

export interface Decline {
  /** Why, in words that do not depend on the gateway. */
  readonly code: string;
  readonly gateway_code: string | null;
  readonly customer_action: string | null;
}

/** The payment's newest dispute. */
export interface Dispute {
  /** Where it stands. It labels only: funds says what moved. */
  readonly status: "inquiry" | "needs_response" | "under_review" | "won" | "lost" | "accepted" | "expired" | "reversed";
  /** What the shopper's bank claims back. Minor units. */
  readonly amount: number;
  /** What happened to the money: nothing, taken until the decision, given back, or lost. */
  readonly funds: "none" | "held" | "released" | "lost";
}

export interface Event {
  /** Id of the event. Opaque; at most 64 characters. */
  readonly id: string;
  readonly object: "event";
  /** What happened. More may join. */
  readonly type: EventType;
  /** When it was recorded. RFC 3339, UTC. */
  readonly created_at: string;
  readonly api_version: "v1";
  /** Id of the payment. Opaque; at most 64 characters. */
  readonly payment_id: string;
  /** 1 for the payment's first event, then without a gap. */
  readonly sequence: number;
  /** Who caused it. */
  readonly request: {
    readonly id: string | null;
    readonly idempotency_key: string | null;
  };
  /** The payment as it was after the event; for events of a refund also the refund. */
  readonly data: {
    readonly payment: Payment;
    readonly refund?: Refund;
  };
}

export interface EventList {
  readonly object: "list";
  readonly data: readonly Event[];
  /** There is another page, even if this one is short or empty. */
  readonly has_more: boolean;
  readonly next_cursor: string | null;
}

export interface Failure {
  /** Why, in words that do not depend on the gateway. More may join. */
  readonly code: string;
  /** A new try, with a new key, may pass later. */
  readonly retryable: boolean;
  readonly customer_action: string | null;
}

export interface FieldError {
  /** JSON pointer to the member of the body, or the name of the parameter. */
  readonly pointer: string;
  /** A stable reason. */
  readonly code: string;
  /** For people. */
  readonly detail: string;
}

export interface IdempotencyKey {
  readonly object: "idempotency_key";
  /** The key. */
  readonly key: string;
  /** The route that it is bound to. */
  readonly route: string;
  /** Id of the payment. Opaque; at most 64 characters. */
  readonly payment_id: string;
  /** Id of the operation. Opaque; at most 64 characters. */
  readonly operation_id: string;
  readonly status: "processing" | "completed";
  readonly response: {
    /** HTTP status. */
    readonly status: number;
    /** The answer's body. */
    readonly body: unknown;
  } | null;
}

/** RFC 7517. */
export interface Jwks {
  readonly keys: readonly {
    readonly kty: string;
    readonly kid: string;
    readonly alg: string;
    readonly use: string;
  }[];
}

export interface NotificationReceived {
  readonly received: true;
}

export interface OAuthError {
  /** RFC 6749 §5.2. */
  readonly error: string;
  /** For people. */
  readonly error_description: string;
}

/** OpenAPI 3.1. */
export interface OpenApi {
  readonly openapi: string;
  readonly info: unknown;
  readonly paths: unknown;
  readonly webhooks: unknown;
  readonly components: unknown;
}

/** An event as it is sent to endpoints: the whole body. */
export interface OutgoingEvent {
  /** Id of the event. Opaque; at most 64 characters. */
  readonly id: string;
  /** What happened. More may join. */
  readonly type: EventType;
  /** When it was recorded. RFC 3339, UTC. */
  readonly created: string;
  readonly api_version: "2026-11-01";
  /** Id of the payment. Opaque; at most 64 characters. */
  readonly payment_id: string;
  /** 1 for the payment's first event, then without a gap. */
  readonly sequence: number;
  /** As in the event of GET /v1/events. */
  readonly data: {
    readonly payment: Payment;
    readonly refund?: Refund;
  };
  readonly previous: {
    readonly status: PaymentStatus;
  } | null;
  /** true: with its texts the body would be over 20 kB, so metadata is empty and description null. Read the payment. */
  readonly shortened?: boolean;
}

export interface Payment {
  /** Id of the payment. Opaque; at most 64 characters. */
  readonly id: string;
  readonly object: "payment";
  /** Id of the merchant. Opaque; at most 64 characters. */
  readonly merchant_id: string;
  /** What was asked for. Minor units. */
  readonly amount: number;
  /** ISO 4217. */
  readonly currency: string;
  readonly status: PaymentStatus;
  readonly capture_method: "automatic" | "manual";
  /** What was reserved. Minor units. */
  readonly amount_authorized: number;
  /** What was taken. Minor units. */
  readonly amount_captured: number;
  /** What was given back: refunds that succeeded. Minor units. */
  readonly amount_refunded: number;
  /** What shoppers' banks claim back. Minor units. */
  readonly amount_disputed: number;
  readonly dispute: Dispute | null;
  readonly gateway: "stripe" | "adyen" | "fixed-latency";
  readonly gateway_reference: string | null;
  readonly merchant_reference: string | null;
  readonly description: string | null;
  /** The merchant's own pairs, as they came. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly pending: Pending | null;
  readonly failure: Failure | null;
  /** Grows by each change. */
  readonly version: number;
  /** When it was accepted. RFC 3339, UTC. */
  readonly created_at: string;
  /** When it last changed. RFC 3339, UTC. */
  readonly updated_at: string;
}

export interface PaymentList {
  readonly object: "list";
  readonly data: readonly Payment[];
  /** There is another page, even if this one is short or empty. */
  readonly has_more: boolean;
  readonly next_cursor: string | null;
}

/** Why the outcome is not known yet. A definite fact of the gateway ends it. */
export interface Pending {
  /** What is still open. */
  readonly operation: "authorize" | "sale" | "capture" | "void" | "refund";
  readonly reason: "gateway_processing" | "gateway_unreachable" | "outcome_unknown";
  /** A cancel was asked for: from then on the goal is no charge. */
  readonly cancel_requested: boolean;
  /** When the operation was submitted. RFC 3339, UTC. */
  readonly since: string;
  readonly next_check_at: string | null;
  /** From then on a person looks at it; no timer decides about money. RFC 3339, UTC. */
  readonly deadline: string;
  /** A person looks at it. */
  readonly needs_review: boolean;
}

/** RFC 9457. */
export interface Problem {
  /** The page that explains the code. */
  readonly type: string;
  /** The code in words. */
  readonly title: string;
  /** HTTP status. */
  readonly status: number;
  /** What was wrong this time; for people, may change. */
  readonly detail: string;
  /** Stable; programs decide by it. */
  readonly code: ErrorCode;
  /** The same as the header Request-Id. */
  readonly request_id: string;
  /** The same request with the same key may pass later. */
  readonly retryable: boolean;
  readonly errors?: readonly FieldError[];
  /** Id of the payment. Opaque; at most 64 characters. */
  readonly payment_id?: string;
  readonly decline?: Decline | null;
  readonly payment?: Payment;
  readonly refund?: Refund;
}

export interface Refund {
  /** Id of the refund. Opaque; at most 64 characters. */
  readonly id: string;
  readonly object: "refund";
  /** Id of the payment. Opaque; at most 64 characters. */
  readonly payment_id: string;
  /** Id of the merchant. Opaque; at most 64 characters. */
  readonly merchant_id: string;
  /** What is given back. Minor units. */
  readonly amount: number;
  /** ISO 4217. */
  readonly currency: string;
  readonly status: RefundStatus;
  readonly reason: string | null;
  readonly gateway: "stripe" | "adyen" | "fixed-latency";
  readonly gateway_reference: string | null;
  readonly pending: Pending | null;
  readonly failure: Failure | null;
  /** When it was accepted. RFC 3339, UTC. */
  readonly created_at: string;
  /** When it last changed. RFC 3339, UTC. */
  readonly updated_at: string;
}

export interface RefundList {
  readonly object: "list";
  readonly data: readonly Refund[];
  /** There is another page, even if this one is short or empty. */
  readonly has_more: boolean;
  readonly next_cursor: string | null;
}

export interface ResendEvent {
  /** Id of an event of yours. */
  readonly event_id: string;
}

export type RotateWebhookSecret = Readonly<Record<string, never>>;

export interface StateMachine {
  readonly object: "state_machine";
  readonly payment: {
    readonly statuses: readonly PaymentStatus[];
    readonly facts: readonly ("accepted" | "gatewayPrepared" | "gatewayProcessing" | "outcomeUnknown" | "conflicted" | "authorized" | "captured" | "declined" | "notSubmitted" | "voided" | "authorizationExpired" | "lateAuthorized" | "lateCaptured" | "deadlinePassed" | "captureRequested" | "voidRequested" | "refundRequested" | "cancelRequested" | "captureFailed" | "voidFailed" | "refunded" | "refundFailed" | "cancelSettled" | "captureReversed" | "refundReversed" | "disputeUpdated" | "disputeHeld" | "disputeReleased" | "disputeLost")[];
    readonly transitions: readonly {
      readonly from: string;
      readonly to: string;
      readonly by: string;
    }[];
  };
  readonly operation: {
    readonly kinds: readonly ("authorize" | "sale" | "capture" | "void" | "refund")[];
    readonly states: readonly ("submitted" | "unknown" | "succeeded" | "failed")[];
    readonly transitions: readonly {
      readonly from: string;
      readonly to: string;
    }[];
  };
}

/** An event as Stripe documents it. */
export interface StripeNotification {
  readonly id: string;
  readonly type: string;
}

export interface Token {
  /** Send it as Authorization: Bearer. Opaque to clients. */
  readonly access_token: string;
  readonly token_type: "Bearer";
  /** Seconds. */
  readonly expires_in: number;
  /** What it allows, divided by spaces. */
  readonly scope: string;
}

export interface TokenRequest {
  readonly grant_type: "client_credentials";
  /** Scopes divided by spaces. None: all that the client has. */
  readonly scope?: string;
  /** Unless it is sent as Basic. */
  readonly client_id?: string;
  /** Unless it is sent as Basic. */
  readonly client_secret?: string;
}

/** How far one event came at one endpoint. */
export interface WebhookDelivery {
  readonly object: "webhook_delivery";
  /** Id of the event. Opaque; at most 64 characters. */
  readonly event_id: string;
  /** Type of the event. */
  readonly event_type: string;
  /** Id of the payment. Opaque; at most 64 characters. */
  readonly payment_id: string;
  /** Of the event. */
  readonly sequence: number;
  /** given_up: 72 hours passed, or the endpoint is gone. */
  readonly status: "waiting" | "delivered" | "given_up";
  /** How often it was sent. */
  readonly attempts: number;
  readonly next_attempt_at: string | null;
  readonly last_status: number | null;
  readonly last_failure: string | null;
  readonly last_attempt_at: string | null;
  /** When it was planned. RFC 3339, UTC. */
  readonly created_at: string;
}

export interface WebhookDeliveryList {
  readonly object: "list";
  readonly data: readonly WebhookDelivery[];
  /** There is another page, even if this one is short or empty. */
  readonly has_more: boolean;
  readonly next_cursor: string | null;
}

/** A receiver of events. */
export interface WebhookEndpoint {
  /** Id of the endpoint. Opaque; at most 64 characters. */
  readonly id: string;
  readonly object: "webhook_endpoint";
  /** Where events are sent. */
  readonly url: string;
  readonly event_types: readonly EventType[] | null;
  readonly status: "enabled" | "disabled";
  readonly disabled_reason: string | null;
  /** When it was made. RFC 3339, UTC. */
  readonly created_at: string;
  /** When it was last changed. RFC 3339, UTC. */
  readonly updated_at: string;
  /** Signs what is sent, by Standard Webhooks. Only in the answer to the request that made it, and in its repeats: those within 24 hours show it while it is in use, later ones say null. */
  readonly secret?: string | null;
}

export interface WebhookEndpointList {
  readonly object: "list";
  readonly data: readonly WebhookEndpoint[];
  /** There is another page, even if this one is short or empty. */
  readonly has_more: boolean;
  readonly next_cursor: string | null;
}

export interface ListPaymentsQuery {
  /** Length of a page. */
  readonly limit?: number;
  /** next_cursor of the page before, with the same filters. */
  readonly starting_after?: string;
  /** Only payments with this status. */
  readonly status?: PaymentStatus;
  /** Accepted then or later. RFC 3339, or Unix seconds. */
  readonly "created[gte]"?: string;
  /** Accepted before. RFC 3339, or Unix seconds. */
  readonly "created[lt]"?: string;
  /** Exactly this reference. */
  readonly merchant_reference?: string;
}

export interface ListRefundsQuery {
  /** Length of a page. */
  readonly limit?: number;
  /** next_cursor of the page before, with the same filters. */
  readonly starting_after?: string;
}

export interface ListPaymentEventsQuery {
  /** Length of a page. */
  readonly limit?: number;
  /** next_cursor of the page before, with the same filters. */
  readonly starting_after?: string;
}

export interface ListEventsQuery {
  /** Length of a page. */
  readonly limit?: number;
  /** next_cursor of the page before, with the same filters. */
  readonly starting_after?: string;
}

export interface ListDeliveriesQuery {
  /** Length of a page. */
  readonly limit?: number;
  /** next_cursor of the page before, with the same filters. */
  readonly starting_after?: string;
}

/** Every route. `keyed`: its requests carry an idempotency key. */
export const ROUTES = {
  create_payment: { method: "POST", path: "/v1/payments", keyed: true },
  list_payments: { method: "GET", path: "/v1/payments", keyed: false },
  get_payment: { method: "GET", path: "/v1/payments/{id}", keyed: false },
  capture_payment: { method: "POST", path: "/v1/payments/{id}/capture", keyed: true },
  cancel_payment: { method: "POST", path: "/v1/payments/{id}/cancel", keyed: true },
  create_refund: { method: "POST", path: "/v1/payments/{id}/refunds", keyed: true },
  list_refunds: { method: "GET", path: "/v1/payments/{id}/refunds", keyed: false },
  list_payment_events: { method: "GET", path: "/v1/payments/{id}/events", keyed: false },
  get_refund: { method: "GET", path: "/v1/refunds/{id}", keyed: false },
  list_events: { method: "GET", path: "/v1/events", keyed: false },
  get_balances: { method: "GET", path: "/v1/balances", keyed: false },
  get_idempotency_key: { method: "GET", path: "/v1/idempotency/{key}", keyed: false },
  create_webhook_endpoint: { method: "POST", path: "/v1/webhook_endpoints", keyed: true },
  list_webhook_endpoints: { method: "GET", path: "/v1/webhook_endpoints", keyed: false },
  get_webhook_endpoint: { method: "GET", path: "/v1/webhook_endpoints/{id}", keyed: false },
  delete_webhook_endpoint: { method: "DELETE", path: "/v1/webhook_endpoints/{id}", keyed: false },
  rotate_webhook_secret: { method: "POST", path: "/v1/webhook_endpoints/{id}/rotate_secret", keyed: true },
  list_deliveries: { method: "GET", path: "/v1/webhook_endpoints/{id}/deliveries", keyed: false },
  resend_event: { method: "POST", path: "/v1/webhook_endpoints/{id}/resend", keyed: true },
  stripe_webhook: { method: "POST", path: "/v1/webhooks/stripe", keyed: false },
  adyen_webhook: { method: "POST", path: "/v1/webhooks/adyen", keyed: false },
  token: { method: "POST", path: "/oauth/token", keyed: false },
  authorization_server: { method: "GET", path: "/.well-known/oauth-authorization-server", keyed: false },
  jwks: { method: "GET", path: "/.well-known/jwks.json", keyed: false },
  state_machine: { method: "GET", path: "/v1/meta/state-machine", keyed: false },
  openapi: { method: "GET", path: "/openapi.json", keyed: false },
  docs: { method: "GET", path: "/docs", keyed: false },
} as const;
export type RouteName = keyof typeof ROUTES;
