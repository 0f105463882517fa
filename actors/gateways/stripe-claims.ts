/** What each type of Stripe's events claims (gateways.md §1.3, §1.6), by its object. What is not listed is nothing to us. */
import type { DisputeState } from "../domain/index.ts";
import type { NoticeClaim } from "../ports/notices.ts";
import { failureOf, stripeFailure, stripeRefundFailure } from "./failures.ts";
import { idIn, INFORMATIONAL, labelIn, nameIn, unclear } from "./notice-fields.ts";
import { asObject, type Json, rowOf } from "./verdicts.ts";

/** What an event says of its object. */
export interface StripeClaim {
  readonly claim: NoticeClaim;
  /** The member of the metadata that names the operation. */
  readonly operationIn: "operation_id" | "capture_operation_id";
  /** In Stripe's units. */
  readonly amount: unknown;
}
interface StripeRow {
  /** What `data.object` must be. */
  readonly object: "payment_intent" | "refund" | "charge" | "dispute";
  readonly read: (object: Json) => StripeClaim;
}

const plain =
  (claimOf: (object: Json) => NoticeClaim, amountMember = "amount"): StripeRow["read"] =>
  (object) => ({ claim: claimOf(object), operationIn: "operation_id", amount: object[amountMember] });

// ---------------------------------------------------------------- PaymentIntent, charge

const intent = (read: StripeRow["read"]): StripeRow => ({ object: "payment_intent", read });

/** The intent keeps the name of the capture that succeeded; without one the authorize or the sale took the money. */
const taken: StripeRow["read"] = (object) => {
  const capture = asObject(object["metadata"])["capture_operation_id"] ?? "";
  const amount = object["amount_received"];
  if (capture === "") return { claim: { kind: "charged" }, operationIn: "operation_id", amount };
  const claim: NoticeClaim = idIn("op", capture) === null ? unclear("capture_operation_id") : { kind: "captured" };
  return { claim, operationIn: "capture_operation_id", amount };
};
const refused = (object: Json): NoticeClaim => {
  const error = asObject(object["last_payment_error"]);
  return { kind: "declined", failure: stripeFailure(labelIn(error["decline_code"]) ?? labelIn(error["code"])) };
};
/** Nobody asked for these: the hold has run out. */
const RUN_OUT: ReadonlySet<unknown> = new Set(["automatic", "expired"]);
const released = (object: Json): NoticeClaim => ({
  kind: RUN_OUT.has(object["cancellation_reason"]) ? "expired" : "voided",
});
const processing = (): NoticeClaim => ({ kind: "processing" });

// ---------------------------------------------------------------- Refund

/** Row: Refund.status. A refund without one exists and is not decided. */
const REFUND: Readonly<Record<string, (refund: Json) => NoticeClaim>> = {
  pending: processing,
  requires_action: processing,
  null: processing,
  succeeded: () => ({ kind: "refunded" }),
  failed: (refund) => ({ kind: "refundFailed", failure: stripeRefundFailure(labelIn(refund["failure_reason"])) }),
  canceled: (refund) => ({
    kind: "refundFailed",
    failure: failureOf("canceled", labelIn(refund["failure_reason"])),
  }),
};
const refund: StripeRow = {
  object: "refund",
  read: plain((object) => {
    const { status } = object;
    const row = typeof status === "string" || status === null ? rowOf(REFUND, String(status)) : undefined;
    return row?.(object) ?? unclear("status");
  }),
};

// ---------------------------------------------------------------- Dispute

/** Row: Dispute.status. */
const DISPUTE: Readonly<Record<string, DisputeState>> = {
  warning_needs_response: "inquiry",
  warning_under_review: "inquiry",
  warning_closed: "expired",
  needs_response: "needs_response",
  appeal_needs_response: "needs_response",
  under_review: "under_review",
  appeal_under_review: "under_review",
  won: "won",
  lost: "lost",
  prevented: "reversed",
};
type Funds = Extract<NoticeClaim, { kind: "dispute" }>["funds"];
const dispute = (fundsOf: (state: DisputeState | null) => Funds): StripeRow => ({
  object: "dispute",
  read: plain((object) => {
    const reference = nameIn(object["id"]);
    if (reference === null) return unclear("id");
    const { status } = object;
    const state = (typeof status === "string" ? rowOf(DISPUTE, status) : undefined) ?? null;
    return { kind: "dispute", reference, state, funds: fundsOf(state) };
  }),
});
const disputeMoved = dispute(() => null);

// ---------------------------------------------------------------- the table

/** Row: the type of an event that speaks of a payment. */
export const STRIPE_CLAIMS: Readonly<Record<string, StripeRow>> = {
  "payment_intent.amount_capturable_updated": intent(plain(() => ({ kind: "authorized" }), "amount_capturable")),
  "payment_intent.succeeded": intent(taken),
  "payment_intent.payment_failed": intent(plain(refused)),
  "payment_intent.canceled": intent(plain(released)),
  "payment_intent.processing": intent(plain(processing)),
  "payment_intent.requires_action": intent(plain(processing)),
  "refund.created": refund,
  "refund.updated": refund,
  "refund.failed": refund,
  "charge.refund.updated": refund,
  "charge.expired": { object: "charge", read: plain(() => ({ kind: "expired" })) },
  "charge.dispute.created": disputeMoved,
  "charge.dispute.updated": disputeMoved,
  "charge.dispute.closed": dispute((state) => (state === "lost" ? "lost" : null)),
  "charge.dispute.funds_withdrawn": dispute(() => "held"),
  "charge.dispute.funds_reinstated": dispute(() => "released"),
};

/** Types that we subscribe to and that change no payment. */
export const STRIPE_INFORMATIONAL: Readonly<Record<string, NoticeClaim>> = {
  "payout.paid": INFORMATIONAL,
  "payout.failed": INFORMATIONAL,
  "payout.canceled": INFORMATIONAL,
  "payout.reconciliation_completed": INFORMATIONAL,
};
