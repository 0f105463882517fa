/** How a payment moves: one fact in, the payment after it and its postings out. Pure; refusals are undefined. */
import { assertNever } from "./errors.ts";
import { type Posting, postingsOf } from "./ledger.ts";
import { isOpen, type OperationKind, type OperationState } from "./operation.ts";
import { type CancelRequest, type FactKind, type Failure, nextStatus, type Operation } from "./payment.ts";
import type { Payment, PaymentStatus, PaymentTerms, PendingReason } from "./payment.ts";

/** Something learned about one open operation of a payment. */
export type Fact =
  | { readonly kind: "gatewayPrepared"; readonly reference: string }
  | { readonly kind: "gatewayProcessing"; readonly reference: string | null }
  | { readonly kind: "outcomeUnknown"; readonly reason: "outcome_unknown" | "gateway_unreachable" }
  | { readonly kind: "conflicted"; readonly reference: string | null }
  | { readonly kind: "deadlinePassed" }
  | { readonly kind: "authorized"; readonly reference: string }
  | { readonly kind: "captured"; readonly reference: string | null }
  | { readonly kind: "declined"; readonly failure: Failure; readonly reference: string | null }
  | { readonly kind: "notSubmitted"; readonly failure: Failure }
  | { readonly kind: "voided"; readonly reference: string | null }
  | { readonly kind: "captureFailed"; readonly failure: Failure; readonly reference: string | null }
  | { readonly kind: "voidFailed"; readonly failure: Failure; readonly reference: string | null }
  | { readonly kind: "refunded"; readonly reference: string | null }
  | { readonly kind: "refundFailed"; readonly failure: Failure; readonly reference: string | null }
  /** Nothing is left to cancel: the payment ended without a charge, or the charge was given back. */
  | { readonly kind: "cancelSettled" };

/** Facts that ask for one more operation of an accepted payment, and the kind that each submits. */
export const REQUESTED_KIND = {
  captureRequested: "capture",
  voidRequested: "void",
  refundRequested: "refund",
  cancelRequested: "void",
} as const satisfies { readonly [F in FactKind]?: OperationKind };
export type RequestedFact = keyof typeof REQUESTED_KIND;

/** Which operations a fact may speak of; a fact that is not listed speaks of any. */
const SPEAKS_OF: { readonly [F in Fact["kind"]]?: readonly OperationKind[] } = {
  gatewayPrepared: ["authorize", "sale"],
  authorized: ["authorize"],
  captured: ["authorize", "sale", "capture"],
  declined: ["authorize", "sale"],
  notSubmitted: ["authorize", "sale"],
  voided: ["authorize", "sale", "void"],
  captureFailed: ["capture"],
  voidFailed: ["void"],
  refunded: ["refund"],
  refundFailed: ["refund"],
  cancelSettled: ["void"],
};

/** `payment.chainHead` is still the one of the row before, and `updatedAtMs` when it was decided: the row gives both anew. */
export interface Transition {
  readonly fact: FactKind;
  readonly fromStatus: PaymentStatus;
  /** The payment after it; `payment.operation` is the operation that the fact speaks of. */
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
    refundingMinor: 0n,
    disputedMinor: 0n,
    gatewayReference: null,
    operation,
    cancel: null,
    dispute: null,
    failure: null,
    updatedAtMs: terms.createdAtMs,
    chainHead: NO_ROWS,
  };
  return { fact: "accepted", fromStatus: "created", payment, postings: [] };
}

/** T1 of one more operation, which `checkRequest` let pass. Undefined: the machine has no such row. `atMs`: Unix milliseconds. */
export function request(
  payment: Payment,
  fact: RequestedFact,
  operation: Operation,
  atMs: number,
): Transition | undefined {
  const status = nextStatus(payment.status, fact);
  if (status === undefined || operation.kind !== REQUESTED_KIND[fact]) return undefined;
  const { id, amountMinor, submittedAtMs, deadlineAtMs } = operation;
  const cancel =
    fact === "cancelRequested" ? { operationId: id, requestedAtMs: submittedAtMs, deadlineAtMs } : payment.cancel;
  const refundingMinor = payment.refundingMinor + (operation.kind === "refund" ? amountMinor : 0n);
  if (payment.refundedMinor + refundingMinor > payment.capturedMinor) return undefined;
  const after: Payment = {
    ...payment,
    status,
    version: payment.version + 1,
    refundingMinor,
    operation,
    cancel,
    updatedAtMs: Math.max(atMs, payment.updatedAtMs),
  };
  return {
    fact,
    fromStatus: payment.status,
    payment: after,
    postings: postingsOf(fact, { heldMinor: 0n, amountMinor }),
  };
}

interface Effect {
  readonly state: OperationState;
  readonly reference?: string | null;
  readonly pendingReason?: PendingReason;
  readonly needsReview?: true;
  readonly failure?: Failure;
}

/** What a fact says of its operation. `operation`: before the fact. */
function effectOf(fact: Fact, operation: Operation): Effect {
  const { state } = operation;
  const reason = operation.pendingReason ?? "outcome_unknown";
  switch (fact.kind) {
    case "gatewayPrepared":
      return { state, reference: fact.reference, pendingReason: reason };
    case "gatewayProcessing":
      return { state: "submitted", reference: fact.reference, pendingReason: "gateway_processing" };
    case "outcomeUnknown": // that a later call was not answered takes nothing back of what the gateway has said
      return reason === "gateway_processing"
        ? { state, pendingReason: reason }
        : { state: "unknown", pendingReason: fact.reason };
    case "conflicted":
      return { state: "unknown", reference: fact.reference, pendingReason: "outcome_unknown", needsReview: true };
    case "deadlinePassed":
      return {
        state: reason === "gateway_processing" ? state : "unknown",
        pendingReason: reason,
        needsReview: true,
      };
    case "authorized":
    case "captured":
    case "refunded":
      return { state: "succeeded", reference: fact.reference };
    case "voided": // for an authorize or a sale it means that there will be no charge
      return { state: operation.kind === "void" ? "succeeded" : "failed", reference: fact.reference };
    case "cancelSettled":
      return { state: "succeeded" };
    case "declined":
    case "captureFailed":
    case "voidFailed":
    case "refundFailed":
      return { state: "failed", reference: fact.reference, failure: fact.failure };
    case "notSubmitted":
      return { state: "failed", failure: fact.failure };
    default:
      return assertNever(fact);
  }
}

/** A later operation has a name of its own at the gateway; those of an authorize or a sale name the payment. */
export const namesPayment = (kind: OperationKind): boolean => kind === "authorize" || kind === "sale";

function operationAfter(operation: Operation, effect: Effect): Operation {
  const reference = namesPayment(operation.kind) ? null : (operation.reference ?? effect.reference ?? null);
  return {
    ...operation,
    state: effect.state,
    reference,
    pendingReason: effect.pendingReason ?? null,
    needsReview: effect.pendingReason !== undefined && (operation.needsReview || effect.needsReview === true),
    failure: effect.failure ?? null,
  };
}

/** The waiting cancel keeps its flag, whichever operation the rows that follow are about. */
function cancelAfter(cancel: CancelRequest | null, operation: Operation, effect: Effect): CancelRequest | null {
  if (cancel === null || cancel.operationId !== operation.id || effect.needsReview !== true) return cancel;
  return { ...cancel, needsReview: true };
}

/** The amounts after a fact. The amount of a success is the operation's own: it was compared before. */
function amountsAfter(payment: Payment, fact: FactKind, amountMinor: bigint) {
  const { authorizedMinor, capturedMinor, refundedMinor, refundingMinor } = payment;
  const first = payment.status === "pending";
  switch (fact) {
    case "authorized":
      return { authorizedMinor: amountMinor, capturedMinor, refundedMinor, refundingMinor };
    case "captured":
      return {
        authorizedMinor: first ? amountMinor : authorizedMinor,
        capturedMinor: amountMinor,
        refundedMinor,
        refundingMinor,
      };
    case "refunded":
      return {
        authorizedMinor,
        capturedMinor,
        refundedMinor: refundedMinor + amountMinor,
        refundingMinor: refundingMinor - amountMinor,
      };
    case "refundFailed":
      return { authorizedMinor, capturedMinor, refundedMinor, refundingMinor: refundingMinor - amountMinor };
    default:
      return { authorizedMinor, capturedMinor, refundedMinor, refundingMinor };
  }
}

/**
 * The payment after `fact` about `operation`, which is one of its own as of its newest row, at `atMs` (Unix
 * milliseconds). Undefined: the machine has no such row, the fact does not fit the operation, or it has ended. The
 * gateway's first reference stays (gateways.md §1.1 rule 6).
 */
export function transition(payment: Payment, operation: Operation, fact: Fact, atMs: number): Transition | undefined {
  const status = nextStatus(payment.status, fact.kind);
  // While its first operation is open nothing is told of another one: a cancel waits.
  const isItsTurn = namesPayment(operation.kind) === (payment.status === "pending");
  const fits = isItsTurn && (SPEAKS_OF[fact.kind]?.includes(operation.kind) ?? true);
  if (status === undefined || !fits || !isOpen(operation.state)) return undefined;
  const effect = effectOf(fact, operation);
  const { amountMinor } = operation;
  const named = namesPayment(operation.kind) ? (effect.reference ?? null) : null;
  const endsCancel = payment.cancel?.operationId === operation.id && !isOpen(effect.state);
  const after: Payment = {
    ...payment,
    ...amountsAfter(payment, fact.kind, amountMinor),
    status,
    version: payment.version + 1,
    gatewayReference: payment.gatewayReference ?? named,
    operation: operationAfter(operation, effect),
    cancel: endsCancel ? null : cancelAfter(payment.cancel, operation, effect),
    failure: namesPayment(operation.kind) ? (effect.failure ?? null) : payment.failure,
    updatedAtMs: Math.max(atMs, payment.updatedAtMs),
  };
  const heldMinor = payment.status === "authorized" ? payment.authorizedMinor : 0n;
  return {
    fact: fact.kind,
    fromStatus: payment.status,
    payment: after,
    postings: postingsOf(fact.kind, { heldMinor, amountMinor }),
  };
}
