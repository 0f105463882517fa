/** What is asked of an actor, by whom, and what it answers; `router/` reads and renders it. */
import type {
  CaptureMethod,
  Command,
  EndpointId,
  EventId,
  GatewayName,
  MerchantId,
  Operation,
  Payment,
  PaymentId,
  Refusal,
  RefusalCode,
} from "../domain/index.ts";
import type { WebhookEndpoint } from "./outbox.ts";
import type { DeliveryView, EventView, ReadQuery, ReadResult } from "./reads.ts";

/** What the merchant may do and where its money goes, as the control database says. */
export interface MerchantProfile {
  readonly id: MerchantId;
  readonly slot: number;
  /** In order of preference. */
  readonly gateways: readonly { readonly name: GatewayName; readonly account: string }[];
  readonly currencies: readonly string[] | null;
  /** Requests of any kind in any one second. */
  readonly rateLimitPerSecond: number;
}

/** A validated `POST /v1/payments`. */
export interface CreatePayment {
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly captureMethod: CaptureMethod;
  /** Null: the merchant's first at which the token works. */
  readonly gateway: GatewayName | null;
  readonly merchantReference: string | null;
  readonly description: string | null;
  readonly metadataJson: string;
  readonly paymentMethod: string;
  readonly customer: { readonly email: string | null; readonly name: string | null } | null;
  /** SHA-256 of the canonical body. */
  readonly fingerprint: Uint8Array;
}

/** A validated body of a capture, cancel or refund. */
export interface ModifyPayment {
  /** Null: all that is left. */
  readonly amountMinor: bigint | null;
  /** The merchant's words for a refund. */
  readonly reason: string | null;
  /** SHA-256 of the canonical body, with the command and the payment's id. */
  readonly fingerprint: Uint8Array;
}

/** A validated body of `POST /v1/webhook_endpoints`. */
export interface CreateEndpoint {
  readonly url: string;
  /** Null: all. */
  readonly eventTypes: readonly string[] | null;
  /** SHA-256 of the canonical body. */
  readonly fingerprint: Uint8Array;
}

/** A validated body of a resend: which event, again. */
export interface ResendEvent {
  readonly eventId: EventId;
  readonly fingerprint: Uint8Array;
}

/** Reads a body once, on the owner's thread. */
export interface RequestReader {
  readCreateEndpoint(body: Uint8Array, idempotencyKey: string): CreateEndpoint | Refusal;
  /** An empty body stands for `{}`. */
  readRotateSecret(endpointId: EndpointId, body: Uint8Array): { readonly fingerprint: Uint8Array } | Refusal;
  readResendEvent(endpointId: EndpointId, body: Uint8Array): ResendEvent | Refusal;
  readCreatePayment(body: Uint8Array, idempotencyKey: string): CreatePayment | Refusal;
  /** An empty body stands for `{}`. */
  readModification(
    command: Command,
    paymentId: PaymentId,
    body: Uint8Array,
    idempotencyKey: string,
  ): ModifyPayment | Refusal;
}

/** Renders what the merchant sees; its bytes may be stored for ever. */
export interface Presenter {
  /** `needsReview`, amounts, pending and failure as design §7 shows them. `nextCheckAtMs`: null when nothing is open. */
  payment(payment: Payment, nextCheckAtMs: number | null): Uint8Array;
  /** The refund object. `operation`: of kind refund, one of the payment's own. */
  refund(payment: Payment, operation: Operation, nextCheckAtMs: number | null): Uint8Array;
  /** The 402 problem with the payment inside, and the refund when that was refused. `payment.operation` is what failed. */
  declined(payment: Payment, requestId: string): Uint8Array;
  refusal(refusal: Refusal, requestId: string): Uint8Array;
  /** The endpoint; `secret`: in clear, the one that the request made; null: it is not shown any more. */
  endpoint(endpoint: WebhookEndpoint, secret: string | null): Uint8Array;
  /** One event at one endpoint: the answer to a resend. */
  delivery(view: DeliveryView): Uint8Array;
  /** An event as it is sent to endpoints (gateways.md §4): its type and its bytes, at most 20 kB. */
  outgoingEvent(event: EventView): { readonly type: string; readonly body: Uint8Array };
  /** What a read found, for the merchant who asked: the cursors in it are of use to that merchant alone. */
  read(result: ReadResult, merchant: MerchantId): Uint8Array;
}

interface Asked {
  readonly ticket: number;
  readonly requestId: string;
  readonly merchantId: MerchantId;
  /** When its head came, by the monotonic clock of the process: the client's deadline and its rate count from here. */
  readonly receivedAtMs: number;
  /** Null until the owner has counted the request. */
  rate: RateState | null;
}

interface Keyed extends Asked {
  readonly idempotencyKey: string;
  /** A view into the batch's bytes. */
  readonly body: Uint8Array;
  /** When its body was whole and its token known: from here on it waits for us. */
  readonly handedOverAtMs: number;
}

/** One request for a shard. */
export type ShardRequest =
  | (Keyed & { readonly kind: "createPayment" })
  | (Keyed & { readonly kind: Command; readonly paymentId: PaymentId })
  | (Asked & { readonly kind: "getPayment"; readonly paymentId: PaymentId })
  | (Asked & { readonly kind: "read"; readonly query: ReadQuery })
  | (Keyed & { readonly kind: "createEndpoint" })
  | (Keyed & { readonly kind: "rotateEndpointSecret" | "resendEvent"; readonly endpointId: EndpointId })
  | (Asked & { readonly kind: "deleteEndpoint"; readonly endpointId: EndpointId })
  /** A finished reply was given without the shard: the request counts, and nobody waits for an answer. */
  | (Asked & { readonly kind: "count" });

/** How much of the merchant's rate is used up, in the second that ends with this request. */
export interface RateState {
  readonly limit: number;
  readonly remaining: number;
  /** Milliseconds until at least one more request is allowed; of use when none remains. */
  readonly resetMs: number;
}

/**
 * The answer to one request. `body` is JSON (`application/problem+json` when `problem`).
 * Status 0: close the connection without an answer. The payment may have been charged and nothing certain can be said of
 * it here, so any status would be a guess; the client sends again with the same key and learns the truth.
 */
export interface ShardReply {
  readonly ticket: number;
  /** HTTP status, or 0. */
  readonly status: number;
  readonly body: Uint8Array;
  readonly problem: boolean;
  readonly code: RefusalCode | null;
  readonly replayed: boolean;
  readonly retryAfterS: number | null;
  /** Path of the object, for 202. */
  readonly location: string | null;
  /** How long the gateway took, for the benchmark's net latency; null when it was not asked. */
  readonly gatewayMs: number | null;
  /** True for the final answer to a key: these bytes are its answer for ever, so they may be kept elsewhere. */
  readonly final: boolean;
  /** Null: the request was not counted. */
  readonly rate: RateState | null;
}
