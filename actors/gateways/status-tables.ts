/**
 * A gateway's status to our observation (gateways.md §1.3, §1.4): one pure function per object type, total over every
 * value, also missing, null and numbers. What is not in a table is `unknown`, never a decline. A success is believed
 * only if amount, currency and our echoed reference equal the stored operation; else it is `conflicted`.
 */
import type { GatewayName, OperationKind } from "../domain/index.ts";
import type { GatewayCall, GatewayObservation } from "../ports/gateway.ts";
import { fromGatewayUnits } from "./amounts.ts";
import { adyenFailure, failureOf, stripeFailure } from "./failures.ts";

type Json = Readonly<Record<string, unknown>>;
type Call = Pick<GatewayCall, "kind" | "operationId" | "paymentId" | "amountMinor" | "currency" | "gatewayReference">;
type Verdict = (object: Json, reference: string, call: Call) => GatewayObservation;

const asObject = (value: unknown): Json => (typeof value === "object" && value !== null ? (value as Json) : {});
const asText = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);
/** A text that is safe to put into a reason. */
const word = (value: unknown): string =>
  typeof value === "string" ? value.slice(0, 40).replaceAll(/[^\w.-]/g, "?") : value === null ? "null" : typeof value;

const unknown = (reason: string): GatewayObservation => ({ kind: "unknown", reason });
const conflict = (detail: string, reference: string | null): GatewayObservation => ({
  kind: "conflicted",
  detail,
  reference,
});

/** True when the gateway's number is exactly the call's amount. */
const isAmount = (gateway: GatewayName, units: unknown, call: Call): boolean =>
  typeof units === "number" && fromGatewayUnits(gateway, call.currency, units) === call.amountMinor;

// ---------------------------------------------------------------- Stripe

const processing: Verdict = (_, reference) => ({ kind: "processing", reference });
const undecided: Verdict = (_, reference) => ({ kind: "undecided", reference });
const voided: Verdict = (_, reference) => ({ kind: "voided", reference });

const refused: Verdict = (intent, reference) => {
  const error = asObject(intent["last_payment_error"]);
  if (Object.keys(error).length === 0) return { kind: "undecided", reference };
  return { kind: "declined", failure: stripeFailure(error["decline_code"] ?? error["code"]), reference };
};
const held: Verdict = (intent, reference, call) =>
  isAmount("stripe", intent["amount_capturable"], call)
    ? { kind: "authorized", reference }
    : conflict("amount_capturable", reference);
const taken: Verdict = (intent, reference, call) =>
  isAmount("stripe", intent["amount_received"], call)
    ? { kind: "captured", reference }
    : conflict("amount_received", reference);
const heldNotTaken: Verdict = (_, reference) => conflict("held_instead_of_captured", reference);
const takenNotVoided: Verdict = (_, reference) => ({
  kind: "declined",
  failure: failureOf("already_captured", null),
  reference,
});

type StripeRow = { readonly [K in Exclude<OperationKind, "refund">]?: Verdict };
const both = (verdict: Verdict): StripeRow => ({ authorize: verdict, sale: verdict });

/** Row: PaymentIntent.status. Column: the operation it answers. No cell: unknown. */
const STRIPE_INTENT: Readonly<Record<string, StripeRow>> = {
  requires_payment_method: both(refused),
  requires_confirmation: both(undecided),
  requires_action: { authorize: processing, sale: processing, capture: processing, void: processing },
  processing: { authorize: processing, sale: processing, capture: processing, void: processing },
  requires_capture: { authorize: held, sale: heldNotTaken, capture: undecided, void: undecided },
  succeeded: { authorize: taken, sale: taken, capture: taken, void: takenNotVoided },
  canceled: { authorize: voided, sale: voided, void: voided },
};

/** What a PaymentIntent says about the call's operation. */
export function judgeStripeIntent(value: unknown, call: Call): GatewayObservation {
  const intent = asObject(value);
  const reference = asText(intent["id"]);
  const status = asText(intent["status"]);
  if (intent["object"] !== "payment_intent" || reference === null || status === null)
    return unknown("unreadable_answer");
  const wrong = stripeMismatch(intent, reference, call);
  if (wrong !== undefined) return conflict(wrong, call.gatewayReference);
  const row = Object.hasOwn(STRIPE_INTENT, status) ? STRIPE_INTENT[status] : undefined;
  const verdict = call.kind === "refund" ? undefined : row?.[call.kind];
  return verdict === undefined ? unknown(`status_${word(status)}`) : verdict(intent, reference, call);
}

/** The member in which the intent differs from the stored operation; undefined: it is ours. */
function stripeMismatch(intent: Json, reference: string, call: Call): string | undefined {
  const metadata = asObject(intent["metadata"]);
  if (call.gatewayReference !== null && call.gatewayReference !== reference) return "reference";
  if (metadata["payment_id"] !== call.paymentId) return "payment_id";
  if (asText(intent["currency"])?.toUpperCase() !== call.currency) return "currency";
  // Capture and void are later operations on the intent of another one, and a capture may be partial.
  if (call.kind !== "authorize" && call.kind !== "sale") return undefined;
  if (metadata["operation_id"] !== call.operationId) return "operation_id";
  return isAmount("stripe", intent["amount"], call) ? undefined : "amount";
}

// ---------------------------------------------------------------- Adyen

const authorised: Verdict = (payment, reference, call) => {
  const amount = asObject(payment["amount"]);
  const echo = payment["merchantReference"];
  if (amount["value"] === undefined || amount["currency"] === undefined || echo === undefined)
    return unknown("unverifiable_success");
  if (echo !== call.operationId) return conflict("merchantReference", reference);
  if (amount["currency"] !== call.currency) return conflict("currency", reference);
  if (!isAmount("adyen", amount["value"], call)) return conflict("amount", reference);
  return call.kind === "sale" ? { kind: "captured", reference } : { kind: "authorized", reference };
};
const partly: Verdict = (_, reference) => conflict("partially_authorised", reference);
const refusedByIssuer: Verdict = (payment, reference, call) => {
  const echo = payment["merchantReference"];
  if (echo !== undefined && echo !== call.operationId) return conflict("merchantReference", reference);
  return { kind: "declined", failure: adyenFailure(payment["refusalReasonCode"]), reference };
};

/** Row: resultCode of `POST /payments`. No row: unknown (AuthenticationFinished, Success and what is still to come). */
const ADYEN_RESULT: Readonly<Record<string, Verdict>> = {
  Authorised: authorised,
  PartiallyAuthorised: partly,
  Refused: refusedByIssuer,
  Error: refusedByIssuer,
  Cancelled: voided,
  Received: processing,
  Pending: processing,
  RedirectShopper: processing,
  IdentifyShopper: processing,
  ChallengeShopper: processing,
  PresentToShopper: processing,
};

/** What the answer of `POST /payments` says about an authorize or a sale. */
export function judgeAdyenPayment(value: unknown, call: Call): GatewayObservation {
  const payment = asObject(value);
  const resultCode = asText(payment["resultCode"]);
  const reference = asText(payment["pspReference"]);
  if (resultCode === null) return unknown("unreadable_answer");
  const verdict = Object.hasOwn(ADYEN_RESULT, resultCode) ? ADYEN_RESULT[resultCode] : undefined;
  if (verdict === undefined) return unknown(`result_${word(resultCode)}`);
  if (reference === null) return unknown("reference_missing");
  return verdict(payment, reference, call);
}

/** A modification answers only that it was received; a webhook decides. The payment keeps its own reference. */
export function judgeAdyenModification(value: unknown, call: Call): GatewayObservation {
  const status = asObject(value)["status"];
  return status === "received"
    ? { kind: "processing", reference: call.gatewayReference }
    : unknown(`modification_${word(status)}`);
}
