/**
 * Adyen's answers to our observation (gateways.md §1.4): one pure function per kind of answer, total over every value,
 * also missing, null and numbers. What is not in a table is `unknown`, never a decline. A success is believed only if
 * amount, currency and our echoed reference equal the stored operation; else it is `conflicted`.
 */
import type { GatewayObservation } from "../ports/gateway.ts";
import { adyenFailure } from "./failures.ts";
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
  unknown,
  type Verdict,
  voided,
  word,
} from "./verdicts.ts";

const authorised: Verdict = (payment, reference, call) => {
  const amount = asObject(payment["amount"]);
  const echo = payment["merchantReference"];
  if (reference === null || amount["value"] === undefined || amount["currency"] === undefined || echo === undefined)
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
const RESULT: Readonly<Record<string, Verdict>> = {
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
  const verdict = rowOf(RESULT, resultCode);
  if (verdict === undefined) return unknown(`result_${word(resultCode)}`);
  if (reference === null) return unknown("reference_missing");
  return verdict(payment, reference, call);
}

/**
 * A modification answers only that it was received: a webhook decides. A capture, a void and a refund bear the reference
 * of the modification; the payment keeps its own.
 */
export function judgeAdyenModification(value: unknown, call: Call): GatewayObservation {
  const answer = asObject(value);
  const { status } = answer;
  if (status !== "received") return unknown(`modification_${word(status)}`);
  const wrong = mismatchOfModification(answer, call);
  if (wrong !== undefined) return unknown(`modification_of_another_${wrong}`);
  const reference = makesPayment(call.kind) ? knownReference(call) : asText(answer["pspReference"]);
  return reference === null && !makesPayment(call.kind)
    ? unknown("reference_missing")
    : { kind: "processing", reference };
}

/** The member in which an echo differs from what was asked; a missing one says nothing. */
function mismatchOfModification(answer: Json, call: Call): string | undefined {
  const { reference, paymentPspReference, amount } = answer;
  if (reference !== undefined && reference !== call.operationId) return "reference";
  if (makesPayment(call.kind)) return undefined;
  if (paymentPspReference !== undefined && paymentPspReference !== call.gatewayReference) return "payment";
  if (call.kind === "void" || amount === undefined) return undefined;
  const { currency, value } = asObject(amount);
  return currency === call.currency && isAmount("adyen", value, call) ? undefined : "amount";
}
