/** What Stripe's errors mean (gateways.md §3.1), by the real status and code, never by the SDK's class. */
import { type GatewayCall, type GatewayObservation, RATE_LIMITED } from "../ports/gateway.ts";
import { observeTransportFault } from "./call-time.ts";
import { failureOf, stripeFailure, stripeRefusal } from "./failures.ts";
import { retryAfterMs } from "./http-transport.ts";
import { UNREADABLE_ANSWER } from "./stripe-http.ts";
import { judgeStripeIntent } from "./stripe-status.ts";
import { knownReference, makesPayment } from "./verdicts.ts";

/** The members of an SDK error that we read. */
export interface StripeFault {
  readonly statusCode?: unknown;
  readonly code?: unknown;
  readonly decline_code?: unknown;
  readonly rawType?: unknown;
  readonly param?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly payment_intent?: unknown;
  /** A network error: what our transport threw. */
  readonly detail?: unknown;
}

/** The stored 500 of the first run came again: it says nothing new, a read decides. */
export const STORED_500 = "stored_500_replayed";

/** Not failures: something has already happened, a read by id tells what. */
const ALREADY: ReadonlySet<unknown> = new Set([
  "payment_intent_unexpected_state",
  "intent_invalid_state",
  "charge_already_captured",
  "charge_already_refunded",
]);

/** Calls that only read: what refuses them says nothing of the operation. A later operation is never abandoned but read. */
const isRead = ({ action, kind }: GatewayCall): boolean =>
  action === "query" || action === "probe" || (action === "abandon" && !makesPayment(kind));

/** A refusal speaks only for its own try: an earlier one may have charged. A prepare moves no money. */
const speaksForAll = (call: GatewayCall): boolean => call.action === "prepare" || !call.earlierTryOpen;

/** The account has no such object, so it is of no operation of ours. */
const NOBODYS: GatewayObservation = { kind: "identified", operationId: null, paymentId: null };

/** Total over everything that a call of the SDK can throw. */
export function judgeStripeFault(error: unknown, call: GatewayCall): GatewayObservation {
  const fault = (typeof error === "object" && error !== null ? error : {}) as StripeFault; // members are unknown
  const { statusCode: status, code, headers = {} } = fault;
  if (typeof status !== "number") return observeTransportFault(fault.detail);
  if (status === 429) return { kind: "busy", reason: RATE_LIMITED, retryAfterMs: retryAfterMs(headers) };
  if (code === UNREADABLE_ANSWER) return { kind: "unknown", reason: `unreadable_${status}` };
  if (status === 401 || status === 403) return { kind: "notSubmitted", reason: "credentials" };
  if (status === 409)
    return code === "idempotency_key_in_use"
      ? { kind: "busy", reason: "key_in_use", retryAfterMs: retryAfterMs(headers) }
      : { kind: "unknown", reason: "http_409" };
  if (call.action === "probe" && status < 500) return { kind: "reachable" }; // Stripe itself has refused it
  if (call.action === "identify" && status === 404) return NOBODYS;
  if (isRead(call)) return { kind: "unknown", reason: `http_${status}` };
  if (status === 402) return judgeCardError(fault, call);
  if (status === 400 || status === 404) return judgeRefusal(fault, call);
  const replayed = headers["idempotent-replayed"] === "true";
  return { kind: "unknown", reason: status === 500 && replayed ? STORED_500 : `http_${status}` };
}

/** 402: definite, unless it is about another intent or not a card error. */
function judgeCardError(fault: StripeFault, call: GatewayCall): GatewayObservation {
  if (fault.rawType !== "card_error") return { kind: "unknown", reason: "http_402" };
  const about = fault.payment_intent;
  if (typeof about === "object" && about !== null) {
    const judged = judgeStripeIntent(about, call);
    if (judged.kind === "conflicted") return judged;
  }
  return {
    kind: "declined",
    failure: stripeFailure(fault.decline_code ?? fault.code),
    reference: knownReference(call),
  };
}

/** 400, 404: not executed, except where the code says otherwise. */
function judgeRefusal(fault: StripeFault, call: GatewayCall): GatewayObservation {
  if (fault.rawType === "idempotency_error")
    return { kind: "conflicted", detail: "idempotency_error", reference: knownReference(call) }; // our bug: page
  if (ALREADY.has(fault.code)) return { kind: "unknown", reason: "already_changed" };
  if (fault.rawType === "card_error") return judgeCardError(fault, call);
  if (!speaksForAll(call)) return { kind: "unknown", reason: "refused_later_try" };
  const refusal = stripeRefusal(fault.code);
  const isToken = typeof fault.param === "string" && fault.param.startsWith("payment_method");
  return {
    kind: "declined",
    failure: isToken ? failureOf("invalid_payment_method", refusal.gatewayCode) : refusal,
    reference: knownReference(call),
  };
}
