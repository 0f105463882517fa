/**
 * The payment's state machine as a table (design §3.3), served at GET /v1/meta/state-machine and guarded a second
 * time by a CHECK of the shard database; `payment.test.ts` compares the two.
 */
import type { MerchantId, OperationId, PaymentId } from "./ids.ts";
import type { OperationKind, OperationState } from "./operation.ts";

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

/**
 * What can happen to a payment. `accepted` is T1. The members of DOUBT change the operation or flag it for review, not
 * the status; the rest are definite facts of a gateway. The order is stored as codes: append only.
 */
export const FACT_KINDS = [
  "accepted",
  "gatewayPrepared",
  "gatewayProcessing",
  "outcomeUnknown",
  "conflicted",
  "authorized",
  "captured",
  "declined",
  "notSubmitted",
  "voided",
  "authorizationExpired",
  "lateAuthorized",
  "lateCaptured",
  "deadlinePassed",
] as const;
export type FactKind = (typeof FACT_KINDS)[number];

/** Facts that submit an operation: their rows alone carry its amount, gateway key, attempt and deadline. */
export const SUBMITTING: ReadonlySet<FactKind> = new Set<FactKind>(["accepted"]);

const LATE = { lateAuthorized: "authorized", lateCaptured: "captured" } as const; // raises a discrepancy, then is compensated
const DOUBT = {
  gatewayPrepared: "pending",
  gatewayProcessing: "pending",
  outcomeUnknown: "pending",
  conflicted: "pending",
  deadlinePassed: "pending",
} as const;

/** Row: where the payment is. Column: what happened. Cell: where it goes. No cell: refused. No timer is a fact. */
export const NEXT_STATUS: { readonly [S in PaymentStatus]: { readonly [F in FactKind]?: PaymentStatus } } = {
  created: { accepted: "pending" },
  pending: {
    ...DOUBT,
    authorized: "authorized",
    captured: "captured",
    declined: "failed",
    notSubmitted: "failed",
    voided: "canceled",
  },
  authorized: { captured: "captured", voided: "canceled", authorizationExpired: "expired" },
  captured: {}, // refunds and disputes are amounts, not statuses
  failed: LATE,
  canceled: LATE,
  expired: LATE,
};

/** Where `fact` takes a payment that is `from`; undefined: the machine refuses it. */
export const nextStatus = (from: PaymentStatus, fact: FactKind): PaymentStatus | undefined => NEXT_STATUS[from][fact];

export type GatewayName = "stripe" | "adyen" | "fixed-latency";
export const GATEWAY_NAMES = ["stripe", "adyen", "fixed-latency"] as const satisfies readonly GatewayName[];
export type CaptureMethod = "automatic" | "manual";
export const CAPTURE_METHODS = ["automatic", "manual"] as const satisfies readonly CaptureMethod[];

/** Why a payment is pending (gateways.md §1.1 rule 5). */
export type PendingReason = "gateway_processing" | "gateway_unreachable" | "outcome_unknown";

/** Why a payment failed, in words that do not depend on the gateway; `gatewayCode` is the raw one. */
export interface Failure {
  readonly code: string;
  readonly retryable: boolean;
  readonly customerAction: string | null;
  readonly gatewayCode: string | null;
}

/** What never changes once a payment is accepted. Amounts: minor units. Times: Unix milliseconds. */
export interface PaymentTerms {
  readonly id: PaymentId;
  readonly merchantId: MerchantId;
  readonly slot: number;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly captureMethod: CaptureMethod;
  readonly gateway: GatewayName;
  readonly gatewayAccount: string;
  readonly merchantReference: string | null;
  readonly description: string | null;
  /** Compact JSON object of strings, as it will be shown; `{}` when none was given. */
  readonly metadataJson: string;
  readonly createdAtMs: number;
}

/** The operation that is open or was the last one. Times: Unix milliseconds. */
export interface Operation {
  readonly id: OperationId;
  readonly kind: OperationKind;
  readonly state: OperationState;
  readonly amountMinor: bigint;
  /** UUIDv5, sent on every try (design §3, rule 2). */
  readonly gatewayKey: string;
  readonly attempt: number;
  /** The time in its id. */
  readonly submittedAtMs: number;
  readonly deadlineAtMs: number;
}

/** A payment as of its newest journal row. */
export interface Payment {
  readonly terms: PaymentTerms;
  readonly status: PaymentStatus;
  /** 1 for the first journal row, then +1 each: the optimistic lock. */
  readonly version: number;
  readonly authorizedMinor: bigint;
  readonly capturedMinor: bigint;
  readonly refundedMinor: bigint;
  readonly disputedMinor: bigint;
  readonly gatewayReference: string | null;
  readonly operation: Operation;
  /** Set while the operation is open. */
  readonly pendingReason: PendingReason | null;
  readonly needsReview: boolean;
  readonly failure: Failure | null;
  /** When its newest row was made. */
  readonly updatedAtMs: number;
  /** Hash of the newest journal row: the head of this payment's chain, 32 bytes. */
  readonly chainHead: Uint8Array;
}
