/** The payment object and the refund object of design §7. Only free text needs escaping. */
import {
  type Dispute,
  type Failure,
  isOpen,
  type Operation,
  type Payment,
  refundIdOf,
} from "../actors/domain/index.ts";
import { quote, type TimeWriter, word } from "./json-words.ts";

/** `nextCheckAtMs`: when the gateway is asked next; null: nothing is open, or nobody here knows. */
// biome-ignore format: names beside their values
export function paymentJson(payment: Payment, nextCheckAtMs: number | null, time: TimeWriter): string {
  const { terms } = payment;
  // Joined at once, not added: each addition would leave a string for the collector.
  return [
    '{"id":"', terms.id,
    '","object":"payment","merchant_id":"', terms.merchantId,
    '","amount":', terms.amountMinor,
    ',"currency":"', terms.currency,
    '","status":"', payment.status,
    '","capture_method":"', terms.captureMethod,
    '","amount_authorized":', payment.authorizedMinor,
    ',"amount_captured":', payment.capturedMinor,
    ',"amount_refunded":', payment.refundedMinor,
    ',"amount_disputed":', payment.disputedMinor,
    ',"dispute":', disputeJson(payment.dispute),
    ',"gateway":"', terms.gateway,
    '","gateway_reference":', quote(payment.gatewayReference),
    ',"merchant_reference":', quote(terms.merchantReference),
    ',"description":', quote(terms.description),
    ',"metadata":', terms.metadataJson,
    ',"pending":', pendingOfPayment(payment, nextCheckAtMs, time),
    ',"failure":', failureJson(payment.failure),
    ',"version":', payment.version,
    ',"created_at":', time(terms.createdAtMs),
    ',"updated_at":', time(payment.updatedAtMs),
    "}",
  ].join("");
}

/** `operation`: a refund of `payment`. `updatedAtMs`: when its newest row was made. */
// biome-ignore format: names beside their values
export function refundJson(
  payment: Payment,
  operation: Operation,
  updatedAtMs: number,
  nextCheckAtMs: number | null,
  time: TimeWriter,
): string {
  const { terms } = payment;
  const open = isOpen(operation.state);
  return [
    '{"id":"', refundIdOf(operation.id),
    '","object":"refund","payment_id":"', terms.id,
    '","merchant_id":"', terms.merchantId,
    '","amount":', operation.amountMinor,
    ',"currency":"', terms.currency,
    '","status":"', open ? "pending" : operation.state,
    '","reason":', quote(operation.note),
    ',"gateway":"', terms.gateway,
    '","gateway_reference":', quote(operation.reference),
    ',"pending":', open ? pendingJson(operation, false, nextCheckAtMs, time) : "null",
    ',"failure":', failureJson(operation.failure),
    ',"created_at":', time(operation.submittedAtMs),
    ',"updated_at":', time(updatedAtMs),
    "}",
  ].join("");
}

const failureJson = (failure: Failure | null): string =>
  failure === null
    ? "null"
    : `{"code":${quote(failure.code)},"retryable":${failure.retryable},"customer_action":${quote(failure.customerAction)}}`;

/** Its amount is digits already. */
const disputeJson = (dispute: Dispute | null): string =>
  dispute === null
    ? "null"
    : `{"status":${word(dispute.state)},"amount":${dispute.amount},"funds":${word(dispute.funds)}}`;

/** What is open of the payment itself: refunds show that of their own, and a cancel waits behind what runs. */
function pendingOfPayment(payment: Payment, nextCheckAtMs: number | null, time: TimeWriter): string {
  const { operation, cancel } = payment;
  if (operation.kind !== "refund" && isOpen(operation.state))
    return pendingJson(operation, cancel !== null, nextCheckAtMs, time);
  if (cancel === null) return "null";
  const { requestedAtMs, deadlineAtMs } = cancel;
  const waiting = {
    kind: "void",
    submittedAtMs: requestedAtMs,
    deadlineAtMs,
    pendingReason: "outcome_unknown",
  } as const;
  return pendingJson({ ...waiting, needsReview: cancel.needsReview === true }, true, nextCheckAtMs, time);
}

/** An open operation says why it is open. */
const pendingJson = (
  operation: Pick<Operation, "kind" | "pendingReason" | "submittedAtMs" | "deadlineAtMs" | "needsReview">,
  cancelRequested: boolean,
  nextCheckAtMs: number | null,
  time: TimeWriter,
): string =>
  `{"operation":${word(operation.kind)},"reason":${word(operation.pendingReason ?? "outcome_unknown")}` +
  `,"cancel_requested":${cancelRequested},"since":${time(operation.submittedAtMs)}` +
  `,"next_check_at":${nextCheckAtMs === null ? "null" : time(nextCheckAtMs)}` +
  `,"deadline":${time(operation.deadlineAtMs)},"needs_review":${operation.needsReview}}`;
