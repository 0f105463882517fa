/**
 * Stripe's statuses to our observation (gateways.md §1.3): one pure function per object type, total over every value,
 * also missing, null and numbers. What is not in a table is `unknown`, never a decline. A success is believed only if
 * amount, currency and our echoed reference equal the stored operation; else it is `conflicted`.
 */
import type { OperationKind } from "../domain/index.ts";
import type { GatewayObservation } from "../ports/gateway.ts";
import { failureOf, stripeFailure, stripeRefundFailure } from "./failures.ts";
import {
  asObject,
  asText,
  type Call,
  conflict,
  isAmount,
  type Json,
  knownReference,
  makesPayment,
  processing,
  rowOf,
  undecided,
  unknown,
  type Verdict,
  voided,
  word,
} from "./verdicts.ts";

// ---------------------------------------------------------------- PaymentIntent

const refused: Verdict = (intent, reference) => {
  const error = asObject(intent["last_payment_error"]);
  if (Object.keys(error).length === 0) return { kind: "undecided", reference };
  return { kind: "declined", failure: stripeFailure(error["decline_code"] ?? error["code"]), reference };
};
const held: Verdict = (intent, reference, call) =>
  reference !== null && isAmount("stripe", intent["amount_capturable"], call)
    ? { kind: "authorized", reference }
    : conflict("amount_capturable", reference);
const taken: Verdict = (intent, reference, call) =>
  isAmount("stripe", intent["amount_received"], call)
    ? { kind: "captured", reference }
    : conflict("amount_received", reference);
/** A capture of ours came after it, perhaps of less: the reservation was made. Without one somebody else took the money. */
const heldUntilCapture: Verdict = (intent, reference, call) =>
  reference !== null && asText(asObject(intent["metadata"])["capture_operation_id"]) !== null
    ? { kind: "authorized", reference }
    : taken(intent, reference, call);
/** Nothing is left to take. */
const calledOffBeforeCapture: Verdict = (_, reference) => ({
  kind: "declined",
  failure: failureOf("authorization_expired", null),
  reference,
});
/** The intent keeps the name of the capture that succeeded: another one of ours did not. */
const takenByCapture: Verdict = (intent, reference, call) =>
  asObject(intent["metadata"])["capture_operation_id"] === call.operationId
    ? taken(intent, reference, call)
    : conflict("capture_operation_id", reference);
const heldNotTaken: Verdict = (_, reference) => conflict("held_instead_of_captured", reference);
const takenNotVoided: Verdict = (_, reference) => ({
  kind: "declined",
  failure: failureOf("already_captured", null),
  reference,
});

type IntentKind = Exclude<OperationKind, "refund">;
type IntentRow = { readonly [K in IntentKind]?: Verdict };
const both = (verdict: Verdict): IntentRow => ({ authorize: verdict, sale: verdict });
const each = (verdict: Verdict): IntentRow => ({ ...both(verdict), capture: verdict, void: verdict });

/** Row: PaymentIntent.status. Column: the operation it answers. No cell: unknown. */
const INTENT: Readonly<Record<string, IntentRow>> = {
  requires_payment_method: both(refused),
  requires_confirmation: both(undecided),
  requires_action: each(processing),
  processing: each(processing),
  requires_capture: { authorize: held, sale: heldNotTaken, capture: undecided, void: undecided },
  succeeded: { authorize: heldUntilCapture, sale: taken, capture: takenByCapture, void: takenNotVoided },
  canceled: { authorize: voided, sale: voided, capture: calledOffBeforeCapture, void: voided },
};

/** What a PaymentIntent says about the call's operation. A capture and a void have no reference of their own here. */
export function judgeStripeIntent(value: unknown, call: Call): GatewayObservation {
  const intent = asObject(value);
  const id = asText(intent["id"]);
  const status = asText(intent["status"]);
  if (intent["object"] !== "payment_intent" || id === null || status === null) return unknown("unreadable_answer");
  const wrong = mismatchOfIntent(intent, id, call);
  if (wrong !== undefined) return conflict(wrong, knownReference(call));
  const verdict = call.kind === "refund" ? undefined : rowOf(INTENT, status)?.[call.kind];
  const reference = makesPayment(call.kind) ? id : null;
  return verdict === undefined ? unknown(`status_${word(status)}`) : verdict(intent, reference, call);
}

/** The member in which the intent differs from the stored operation; undefined: it is ours. */
function mismatchOfIntent(intent: Json, id: string, call: Call): string | undefined {
  const metadata = asObject(intent["metadata"]);
  if (call.gatewayReference !== null && call.gatewayReference !== id) return "reference";
  if (metadata["payment_id"] !== call.paymentId) return "payment_id";
  if (asText(intent["currency"])?.toUpperCase() !== call.currency) return "currency";
  // Capture and void are later operations on the intent of another one, and a capture may be partial.
  if (!makesPayment(call.kind)) return undefined;
  if (metadata["operation_id"] !== call.operationId) return "operation_id";
  return isAmount("stripe", intent["amount"], call) ? undefined : "amount";
}

// ---------------------------------------------------------------- Refund

const givenBack: Verdict = (_, reference) => ({ kind: "refunded", reference });
const notGivenBack: Verdict = (refund, reference) => ({
  kind: "declined",
  failure: stripeRefundFailure(refund["failure_reason"]),
  reference,
});
const calledOff: Verdict = (refund, reference) => ({
  kind: "declined",
  failure: failureOf("canceled", asText(refund["failure_reason"])),
  reference,
});

/** Row: Refund.status. No row: unknown. */
const REFUND: Readonly<Record<string, Verdict>> = {
  pending: processing,
  requires_action: processing,
  succeeded: givenBack,
  failed: notGivenBack,
  canceled: calledOff,
};

/** True for the refund object that the call's operation has made: Stripe gives our metadata back. */
export const isRefundOf = (value: unknown, call: Call): boolean =>
  asObject(asObject(value)["metadata"])["operation_id"] === call.operationId;

/** What a Refund says about the call's operation, which is a refund. */
export function judgeStripeRefund(value: unknown, call: Call): GatewayObservation {
  const refund = asObject(value);
  const id = asText(refund["id"]);
  const status = refund["status"];
  if (refund["object"] !== "refund" || id === null) return unknown("unreadable_answer");
  const wrong = mismatchOfRefund(refund, call);
  if (wrong !== undefined) return conflict(wrong, null);
  if (status === null) return { kind: "undecided", reference: id };
  const verdict = typeof status === "string" ? rowOf(REFUND, status) : undefined;
  return verdict === undefined ? unknown(`status_${word(status)}`) : verdict(refund, id, call);
}

function mismatchOfRefund(refund: Json, call: Call): string | undefined {
  if (!isRefundOf(refund, call)) return "operation_id";
  if (asObject(refund["metadata"])["payment_id"] !== call.paymentId) return "payment_id";
  if (refund["payment_intent"] !== call.gatewayReference) return "reference";
  if (asText(refund["currency"])?.toUpperCase() !== call.currency) return "currency";
  return isAmount("stripe", refund["amount"], call) ? undefined : "amount";
}
