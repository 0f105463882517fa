/** What Adyen's errors mean (gateways.md §3.2), by the real HTTP status and the body's `errorCode`. */
import { type GatewayCall, type GatewayObservation, RATE_LIMITED } from "../ports/gateway.ts";
import { AdyenHttpError } from "./adyen-http.ts";
import { observeTransportFault } from "./call-time.ts";
import { failureOf } from "./failures.ts";
import { retryAfterMs } from "./http-transport.ts";
import { knownReference } from "./verdicts.ts";

/** The first call with this key still runs. */
const IN_FLIGHT = "704";
/** Their key store is down. Their text suggests to drop the key: never. */
const KEY_STORE_DOWN = "703";
/** Validation errors that speak of the card or the stored token, not of our request. */
const TOKEN_ERRORS: ReadonlySet<string> = new Set([
  "101",
  "103",
  "129",
  "130",
  "131",
  "172",
  "800",
  "802",
  "803",
  "14_006",
]);

/** Not executed, and the same request would be refused again: 403 is an account that this key may not use. */
const REFUSED: ReadonlySet<number> = new Set([400, 403, 422]);

/** Total over everything that a call of the SDK can throw. */
export function judgeAdyenFault(error: unknown, call: GatewayCall): GatewayObservation {
  if (!(error instanceof AdyenHttpError)) return observeTransportFault(error);
  const { status, headers, body } = error;
  const given = body?.["errorCode"];
  const errorCode = typeof given === "string" || typeof given === "number" ? String(given) : "";
  if ((status === 422 || status === 409) && errorCode === IN_FLIGHT)
    return { kind: "busy", reason: "key_in_use", retryAfterMs: retryAfterMs(headers) };
  if (status === 429) return { kind: "busy", reason: RATE_LIMITED, retryAfterMs: retryAfterMs(headers) };
  if (status === 503 && errorCode === KEY_STORE_DOWN) return { kind: "unknown", reason: "key_store_down" };
  if (headers["transient-error"] === "true")
    return { kind: "busy", reason: "transient_error", retryAfterMs: retryAfterMs(headers) };
  // Only a body of Adyen's form shows that Adyen has spoken, and not something in between.
  if (body === undefined || errorCode === "") return { kind: "unknown", reason: `unreadable_${status}` };
  if (status === 401) return { kind: "notSubmitted", reason: "credentials" };
  if (call.action === "probe" && status < 500) return { kind: "reachable" }; // Adyen itself has refused it
  if (!REFUSED.has(status)) return { kind: "unknown", reason: `http_${status}` };
  // A cancel that was refused says nothing of the payment.
  if (call.action === "abandon") return { kind: "unknown", reason: "cancel_refused" };
  // A refusal speaks only for its own try: an earlier one may be open.
  if (call.earlierTryOpen) return { kind: "unknown", reason: "refused_later_try" };
  const isToken = TOKEN_ERRORS.has(errorCode);
  return {
    kind: "declined",
    failure: failureOf(isToken ? "invalid_payment_method" : "invalid_gateway_request", errorCode.slice(0, 60)),
    reference: knownReference(call),
  };
}
