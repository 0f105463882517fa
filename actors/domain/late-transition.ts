/**
 * How a payment moves by a late fact: one about an operation that has ended (gateways.md §1.6). Pure; a fact that the
 * machine forbids, or that does not fit what is known, is undefined: it is parked for people, never bent into place.
 */
import { type Posting, postingsOf } from "./ledger.ts";
import { isOpen, type OperationKind, type OperationState } from "./operation.ts";
import { type Dispute, type FactKind, type Failure, nextStatus, type Operation, type Payment } from "./payment.ts";
import { namesPayment, type Transition } from "./transition.ts";

/** `captured`, `voided`: a capture or a void that had been refused took place all the same. */
export type LateFact =
  | { readonly kind: "lateAuthorized" | "lateCaptured"; readonly reference: string }
  | { readonly kind: "captured" | "voided"; readonly reference: string | null }
  | { readonly kind: "captureReversed" | "refundReversed"; readonly failure: Failure }
  | { readonly kind: "authorizationExpired" }
  /** `dispute`: as it is after the fact. */
  | { readonly kind: "disputeUpdated" | "disputeHeld" | "disputeReleased" | "disputeLost"; readonly dispute: Dispute };

interface Speaks {
  readonly of: readonly OperationKind[];
  /** How the operation had ended, and how it ends now. */
  readonly from: OperationState;
  readonly to: OperationState;
}
const ofFirst: Speaks = { of: ["authorize", "sale"], from: "succeeded", to: "succeeded" };

const SPEAKS_OF: { readonly [F in LateFact["kind"]]: Speaks } = {
  lateAuthorized: { of: ["authorize"], from: "failed", to: "succeeded" },
  lateCaptured: { of: ["authorize", "sale"], from: "failed", to: "succeeded" },
  captured: { of: ["capture"], from: "failed", to: "succeeded" },
  voided: { of: ["void"], from: "failed", to: "succeeded" },
  captureReversed: { of: ["sale", "capture"], from: "succeeded", to: "failed" },
  refundReversed: { of: ["refund"], from: "succeeded", to: "failed" },
  authorizationExpired: { ...ofFirst, of: ["authorize"] },
  disputeUpdated: ofFirst,
  disputeHeld: ofFirst,
  disputeReleased: ofFirst,
  disputeLost: ofFirst,
};

/** What `funds` of the dispute before must be. The ledger holds a capture's money back once: a second dispute is for people. */
const FUNDS_BEFORE: { readonly [F in FactKind]?: Dispute["funds"] } = {
  disputeHeld: "none",
  disputeReleased: "held",
  disputeLost: "held",
};

/** True while an operation other than a refund may still change the status, or a cancel waits. */
export const isUndecided = ({ operation, cancel }: Payment): boolean =>
  cancel !== null || (operation.kind !== "refund" && isOpen(operation.state));

/**
 * The payment after `fact` about `operation`, one of its own that has ended, at `atMs` (Unix milliseconds). Undefined: the
 * machine has no such row, another operation is still open, or the amounts would not add up.
 */
export function lateTransition(
  payment: Payment,
  operation: Operation,
  fact: LateFact,
  atMs: number,
): Transition | undefined {
  const status = nextStatus(payment.status, fact.kind);
  const { of, from, to } = SPEAKS_OF[fact.kind];
  if (status === undefined || !of.includes(operation.kind) || operation.state !== from) return undefined;
  if (status !== payment.status && isUndecided(payment)) return undefined;
  const dispute = "dispute" in fact ? fact.dispute : null;
  if (dispute !== null && (payment.capturedMinor === 0n || !continues(payment.dispute, dispute, fact.kind)))
    return undefined;
  const amountMinor = dispute === null ? operation.amountMinor : BigInt(dispute.amount);
  const amounts = amountsAfter(payment, fact.kind, amountMinor);
  if (amounts.refundedMinor + payment.refundingMinor > amounts.capturedMinor || amounts.disputedMinor < 0n)
    return undefined;
  const reference = "reference" in fact ? fact.reference : null;
  const failure = "failure" in fact ? fact.failure : null;
  const named = namesPayment(operation.kind);
  const after: Payment = {
    ...payment,
    ...amounts,
    status,
    version: payment.version + 1,
    gatewayReference: payment.gatewayReference ?? (named ? reference : null),
    operation:
      from === to
        ? operation
        : { ...operation, state: to, failure, reference: operation.reference ?? (named ? null : reference) },
    dispute: dispute ?? payment.dispute,
    failure: to === from ? payment.failure : named ? failure : payment.failure,
    updatedAtMs: Math.max(atMs, payment.updatedAtMs),
  };
  return {
    fact: fact.kind,
    fromStatus: payment.status,
    payment: after,
    postings: postings(payment, fact, amountMinor),
  };
}

/** The dispute goes on from what is known: money is held once, and given back or lost only when it was held. */
function continues(before: Dispute | null, after: Dispute, fact: FactKind): boolean {
  if (BigInt(after.amount) <= 0n) return false;
  const same = before !== null && before.reference === after.reference;
  if (before !== null && !same && before.funds !== "none") return false;
  const needed = FUNDS_BEFORE[fact];
  if (needed === undefined) return true;
  const funds = same ? before.funds : "none";
  return funds === needed && (needed === "none" || before?.amount === after.amount);
}

type Amounts = Pick<Payment, "authorizedMinor" | "capturedMinor" | "refundedMinor" | "disputedMinor">;

function amountsAfter(payment: Payment, fact: LateFact["kind"], amountMinor: bigint): Amounts {
  const { authorizedMinor, capturedMinor, refundedMinor, disputedMinor } = payment;
  const now = { authorizedMinor, capturedMinor, refundedMinor, disputedMinor };
  switch (fact) {
    case "lateAuthorized":
      return { ...now, authorizedMinor: amountMinor };
    case "lateCaptured":
      return { ...now, authorizedMinor: amountMinor, capturedMinor: amountMinor };
    case "captured":
      return { ...now, capturedMinor: amountMinor };
    case "captureReversed":
      return { ...now, capturedMinor: capturedMinor - amountMinor };
    case "refundReversed":
      return { ...now, refundedMinor: refundedMinor - amountMinor };
    case "disputeHeld":
      return { ...now, disputedMinor: disputedMinor + amountMinor };
    case "disputeReleased":
      return { ...now, disputedMinor: disputedMinor - amountMinor };
    default:
      return now;
  }
}

function postings(payment: Payment, fact: LateFact, amountMinor: bigint): readonly Posting[] {
  const heldMinor = payment.status === "authorized" ? payment.authorizedMinor : 0n;
  return postingsOf(fact.kind, { heldMinor, amountMinor });
}
