/** What is asked of an actor, by whom, and what it answers; `router/` reads and renders it. */
import type {
  CaptureMethod,
  GatewayName,
  MerchantId,
  Payment,
  PaymentId,
  Refusal,
  RefusalCode,
} from "../domain/index.ts";

/** What the merchant may do and where its money goes, as the control database says. */
export interface MerchantProfile {
  readonly id: MerchantId;
  readonly slot: number;
  /** In order of preference. */
  readonly gateways: readonly { readonly name: GatewayName; readonly account: string }[];
  readonly currencies: readonly string[] | null;
}

/** A validated `POST /v1/payments`. */
export interface CreatePayment {
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly captureMethod: CaptureMethod;
  /** Null: the merchant's first. */
  readonly gateway: GatewayName | null;
  readonly merchantReference: string | null;
  readonly description: string | null;
  readonly metadataJson: string;
  readonly paymentMethod: string;
  readonly customer: { readonly email: string | null; readonly name: string | null } | null;
  /** SHA-256 of the canonical body. */
  readonly fingerprint: Uint8Array;
}

/** Reads a body once, on the owner's thread. */
export interface RequestReader {
  readCreatePayment(body: Uint8Array, idempotencyKey: string): CreatePayment | Refusal;
}

/** Renders what the merchant sees; its bytes may be stored for ever. */
export interface Presenter {
  /** `needsReview`, amounts, pending and failure as design §7 shows them. `nextCheckAtMs`: null when nothing is open. */
  payment(payment: Payment, nextCheckAtMs: number | null): Uint8Array;
  /** The 402 problem with the payment inside. */
  declined(payment: Payment, requestId: string): Uint8Array;
  refusal(refusal: Refusal, requestId: string): Uint8Array;
}

/** One request for a shard. `body` is a view into the batch's bytes. */
export type ShardRequest =
  | {
      readonly kind: "createPayment";
      readonly ticket: number;
      readonly requestId: string;
      readonly merchantId: MerchantId;
      readonly idempotencyKey: string;
      readonly body: Uint8Array;
      /** When its head came, by the monotonic clock of the process: the client's deadline counts from here. */
      readonly receivedAtMs: number;
      /** When its body was whole and its token known: from here on it waits for us. */
      readonly handedOverAtMs: number;
    }
  | {
      readonly kind: "getPayment";
      readonly ticket: number;
      readonly requestId: string;
      readonly merchantId: MerchantId;
      readonly paymentId: PaymentId;
    };

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
  /** Path of the payment, for 202. */
  readonly location: string | null;
  /** How long the gateway took, for the benchmark's net latency; null when it was not asked. */
  readonly gatewayMs: number | null;
}
