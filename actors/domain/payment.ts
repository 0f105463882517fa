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
 * What can happen to a payment. `accepted` and the `…Requested` are T1 of an operation. The members of DOUBT change the
 * operation or flag it for review, not the status; the rest are definite facts of a gateway, but `cancelSettled`: a
 * cancel asked for while the payment was in doubt has nothing left to do. Late facts are about an operation that has
 * ended: `late…` and `…Reversed` turn its end round, `dispute…` and `authorizationExpired` leave it as it is.
 * The order is stored as codes: append only.
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
  "captureRequested",
  "voidRequested",
  "refundRequested",
  "cancelRequested",
  "captureFailed",
  "voidFailed",
  "refunded",
  "refundFailed",
  "cancelSettled",
  "captureReversed",
  "refundReversed",
  "disputeUpdated",
  "disputeHeld",
  "disputeReleased",
  "disputeLost",
] as const;
export type FactKind = (typeof FACT_KINDS)[number];

/** Facts that submit an operation: their rows alone carry its amount, gateway key, attempt and deadline. */
export const SUBMITTING: ReadonlySet<FactKind> = new Set<FactKind>([
  "accepted",
  "captureRequested",
  "voidRequested",
  "refundRequested",
  "cancelRequested",
]);

const LATE = { lateAuthorized: "authorized", lateCaptured: "captured" } as const; // raises a discrepancy, then is compensated
/** An operation runs, or nobody knows how it went: the status stays. */
const doubtIn = <S extends PaymentStatus>(status: S) => ({
  gatewayProcessing: status,
  outcomeUnknown: status,
  conflicted: status,
  deadlinePassed: status,
});

/** Row: where the payment is. Column: what happened. Cell: where it goes. No cell: refused. No timer is a fact. */
export const NEXT_STATUS: { readonly [S in PaymentStatus]: { readonly [F in FactKind]?: PaymentStatus } } = {
  created: { accepted: "pending" },
  pending: {
    ...doubtIn("pending"),
    gatewayPrepared: "pending",
    cancelRequested: "pending",
    authorized: "authorized",
    captured: "captured",
    declined: "failed",
    notSubmitted: "failed",
    voided: "canceled",
  },
  authorized: {
    ...doubtIn("authorized"),
    captureRequested: "authorized",
    voidRequested: "authorized",
    captureFailed: "authorized",
    voidFailed: "authorized",
    captured: "captured",
    voided: "canceled",
    authorizationExpired: "expired",
  },
  // Refunds and disputes are amounts, not statuses.
  captured: {
    ...doubtIn("captured"),
    refundRequested: "captured",
    refunded: "captured",
    refundFailed: "captured",
    cancelRequested: "captured", // of our own making: a late success is given back
    cancelSettled: "canceled", // all of it was given back
    captureReversed: "captured",
    refundReversed: "captured",
    disputeUpdated: "captured",
    disputeHeld: "captured",
    disputeReleased: "captured",
    disputeLost: "captured",
  },
  failed: { ...LATE, cancelSettled: "failed" },
  // What was charged and given back stands here too, and either may still be undone.
  canceled: {
    ...LATE,
    cancelSettled: "canceled",
    refundReversed: "canceled",
    disputeUpdated: "canceled",
    disputeHeld: "canceled",
    disputeReleased: "canceled",
    disputeLost: "canceled",
  },
  expired: { ...LATE, cancelSettled: "expired" },
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

/** One money movement of a payment, as of its newest journal row. Times: Unix milliseconds. */
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
  /** The gateway's own name for a capture, void or refund; the payment's stands in the payment. */
  readonly reference: string | null;
  /** Set while it is open. */
  readonly pendingReason: PendingReason | null;
  readonly needsReview: boolean;
  /** Why it failed; null unless it did. */
  readonly failure: Failure | null;
  /** The merchant's words for a refund. */
  readonly note: string | null;
}

/** A cancel that was asked for while an authorize or sale was open: from then on the goal is no charge. */
export interface CancelRequest {
  readonly operationId: OperationId;
  readonly requestedAtMs: number;
  readonly deadlineAtMs: number;
  /** It cannot be brought to an end without people. */
  readonly needsReview?: true;
}

/** Where a dispute stands, whatever its gateway calls it (gateways.md §1.6). */
export const DISPUTE_STATES = [
  "inquiry",
  "needs_response",
  "under_review",
  "won",
  "lost",
  "accepted",
  "expired",
  "reversed",
] as const;
export type DisputeState = (typeof DISPUTE_STATES)[number];

/** The newest dispute of a payment: the issuer wants the money back, or took it. Amount: decimal text, minor units. */
export interface Dispute {
  /** The gateway's name for it. */
  readonly reference: string;
  /** It labels; only `funds` post. */
  readonly state: DisputeState;
  readonly amount: string;
  /** What happened to the money: nothing yet, taken, given back, or taken for good. */
  readonly funds: "none" | "held" | "released" | "lost";
}

/** A payment as of its newest journal row. */
export interface Payment {
  readonly terms: PaymentTerms;
  readonly status: PaymentStatus;
  /** 1 for the first journal row, then +1 each: the optimistic lock. */
  readonly version: number;
  readonly authorizedMinor: bigint;
  readonly capturedMinor: bigint;
  /** Refunds that succeeded. */
  readonly refundedMinor: bigint;
  /** Refunds that are open: with the refunded they never exceed what was captured. */
  readonly refundingMinor: bigint;
  readonly disputedMinor: bigint;
  readonly gatewayReference: string | null;
  /** The operation that the newest row is about. */
  readonly operation: Operation;
  /** Set from the request until it is settled. */
  readonly cancel: CancelRequest | null;
  readonly dispute: Dispute | null;
  /** Why the payment failed. */
  readonly failure: Failure | null;
  /** When its newest row was made. */
  readonly updatedAtMs: number;
  /** Hash of the newest journal row: the head of this payment's chain, 32 bytes. */
  readonly chainHead: Uint8Array;
}
