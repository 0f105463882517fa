/** How a payment moves: one fact in, the payment after it and its postings out. Pure; refusals are undefined. */
import { assertNever } from "./errors.ts";
import { type Posting, postingsOf } from "./ledger.ts";
import { isOpen, type OperationState } from "./operation.ts";
import { type FactKind, type Failure, nextStatus, type Operation } from "./payment.ts";
import type { Payment, PaymentStatus, PaymentTerms, PendingReason } from "./payment.ts";

/** Something learned about the payment's open operation. */
export type Fact =
  | { readonly kind: "gatewayPrepared"; readonly reference: string }
  | { readonly kind: "gatewayProcessing"; readonly reference: string | null }
  | { readonly kind: "outcomeUnknown"; readonly reason: "outcome_unknown" | "gateway_unreachable" }
  | { readonly kind: "conflicted"; readonly reference: string | null }
  | { readonly kind: "deadlinePassed" }
  | { readonly kind: "authorized"; readonly reference: string }
  | { readonly kind: "captured"; readonly reference: string }
  | { readonly kind: "declined"; readonly failure: Failure; readonly reference: string | null }
  | { readonly kind: "notSubmitted"; readonly failure: Failure }
  | { readonly kind: "voided"; readonly reference: string | null };

/** `payment.chainHead` is still the one of the row before, and `updatedAtMs` when it was decided: the row gives both anew. */
export interface Transition {
  readonly fact: FactKind;
  readonly fromStatus: PaymentStatus;
  readonly payment: Payment;
  readonly postings: readonly Posting[];
}

/** The head of an empty chain. */
const NO_ROWS: Uint8Array = new Uint8Array(32);

/** T1: the intent to authorize or to sell. */
export function accept(terms: PaymentTerms, operation: Operation): Transition {
  const payment: Payment = {
    terms,
    status: "pending",
    version: 1,
    authorizedMinor: 0n,
    capturedMinor: 0n,
    refundedMinor: 0n,
    disputedMinor: 0n,
    gatewayReference: null,
    operation,
    pendingReason: "outcome_unknown",
    needsReview: false,
    failure: null,
    updatedAtMs: terms.createdAtMs,
    chainHead: NO_ROWS,
  };
  return { fact: "accepted", fromStatus: "created", payment, postings: [] };
}

interface Effect {
  readonly state: OperationState;
  readonly reference?: string | null;
  readonly pendingReason?: PendingReason;
  readonly authorized?: true;
  readonly captured?: true;
  readonly needsReview?: true;
  readonly failure?: Failure;
}

/** What a fact says of the operation and the amounts. `payment`: before the fact. */
function effectOf(fact: Fact, payment: Payment): Effect {
  const { state } = payment.operation;
  const reason = payment.pendingReason ?? "outcome_unknown";
  switch (fact.kind) {
    case "gatewayPrepared":
      return { state, reference: fact.reference, pendingReason: reason };
    case "gatewayProcessing":
      return { state: "submitted", reference: fact.reference, pendingReason: "gateway_processing" };
    case "outcomeUnknown":
      return { state: "unknown", pendingReason: fact.reason };
    case "conflicted":
      return { state: "unknown", reference: fact.reference, pendingReason: "outcome_unknown", needsReview: true };
    case "deadlinePassed":
      return { state: "unknown", pendingReason: reason, needsReview: true };
    case "authorized":
      return { state: "succeeded", reference: fact.reference, authorized: true };
    case "captured":
      return { state: "succeeded", reference: fact.reference, authorized: true, captured: true };
    case "declined":
      return { state: "failed", reference: fact.reference, failure: fact.failure };
    case "notSubmitted":
      return { state: "failed", failure: fact.failure };
    case "voided":
      return { state: "failed", reference: fact.reference };
    default:
      return assertNever(fact);
  }
}

/**
 * The payment after `fact`, at `atMs` (Unix milliseconds); undefined: the machine has no such row, or the operation that
 * the fact speaks of has ended. The gateway's first
 * reference stays (gateways.md §1.1 rule 6). The amount of a success is the operation's own: it was compared before.
 */
export function transition(payment: Payment, fact: Fact, atMs: number): Transition | undefined {
  const status = nextStatus(payment.status, fact.kind);
  if (status === undefined || !isOpen(payment.operation.state)) return undefined;
  const effect = effectOf(fact, payment);
  const { operation } = payment;
  const after: Payment = {
    ...payment,
    status,
    version: payment.version + 1,
    authorizedMinor: effect.authorized === true ? operation.amountMinor : payment.authorizedMinor,
    capturedMinor: effect.captured === true ? operation.amountMinor : payment.capturedMinor,
    gatewayReference: payment.gatewayReference ?? effect.reference ?? null,
    operation: operation.state === effect.state ? operation : { ...operation, state: effect.state },
    pendingReason: effect.pendingReason ?? null,
    needsReview: effect.pendingReason !== undefined && (payment.needsReview || effect.needsReview === true),
    failure: effect.failure ?? null,
    updatedAtMs: Math.max(atMs, payment.updatedAtMs),
  };
  const heldMinor = payment.status === "authorized" ? payment.authorizedMinor : 0n;
  const postings = postingsOf(fact.kind, { heldMinor, amountMinor: operation.amountMinor });
  return { fact: fact.kind, fromStatus: payment.status, payment: after, postings };
}
