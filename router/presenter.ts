/**
 * What the merchant sees: the payment object and the RFC 9457 problem of design §7, as bytes that may be stored for
 * ever. Assembled by hand: only free text needs escaping, and amounts go from bigint to digits without a float.
 */
import type { Presenter } from "../actors/index.ts";
import { type FieldError, type Payment, REFUSALS, type Refusal, type RefusalCode } from "../actors/domain/index.ts";
import { Buffer } from "node:buffer";

/** A foreign object answers like an unknown one: the detail must not tell which it was, whoever refused. */
const FIXED_DETAILS: { readonly [C in RefusalCode]?: string } = {
  not_found: "There is no such object.",
  internal_error: "The request failed on our side; its id finds the reason in our logs.",
};

const quote = (text: string | null): string => (text === null ? "null" : JSON.stringify(text));
/** An own id, code or table word: nothing in it needs escaping. */
const word = (text: string): string => `"${text}"`;

/** `type`, `title` and `status` of each code, made once. */
const PROBLEM_HEADS = Object.fromEntries(
  Object.entries(REFUSALS).map(([code, row]) => [
    code,
    `{"type":"/docs/errors#${code}","title":${quote(row.title)},"status":${row.status}`,
  ]),
) as { readonly [C in RefusalCode]: string };

/** The members that every problem has, without the closing brace. */
const problemStart = (code: RefusalCode, detail: string, requestId: string): string =>
  `${PROBLEM_HEADS[code]},"detail":${quote(detail)},"code":"${code}","request_id":${quote(requestId)}` +
  `,"retryable":${REFUSALS[code].retryable}`;

/** Renders JSON. The bytes of a call may share a buffer with others: copy before transferring them. */
export function createPresenter(): Presenter {
  const time = createTimeWriter();
  return {
    payment: (payment, nextCheckAtMs) => Buffer.from(paymentJson(payment, nextCheckAtMs, time), "utf8"),
    declined: (payment, requestId) => Buffer.from(declinedJson(payment, requestId, time), "utf8"),
    refusal: (refusal, requestId) => Buffer.from(refusalJson(refusal, requestId), "utf8"),
  };
}

type TimeWriter = (atMs: number) => string;

/** RFC 3339 UTC with milliseconds. Remembers the last second: most times of a batch fall into one. */
function createTimeWriter(): TimeWriter {
  let second = Number.NaN;
  let head = "";
  return (atMs) => {
    const ms = Math.floor(atMs);
    const ofSecond = Math.floor(ms / 1000);
    if (ofSecond !== second) {
      head = new Date(ofSecond * 1000).toISOString().slice(0, 20);
      second = ofSecond;
    }
    return `"${head}${String(ms - ofSecond * 1000).padStart(3, "0")}Z"`;
  };
}

// biome-ignore format: names beside their values
function paymentJson(payment: Payment, nextCheckAtMs: number | null, time: TimeWriter): string {
  const { terms, failure } = payment;
  const failed =
    failure === null
      ? "null"
      : `{"code":${quote(failure.code)},"retryable":${failure.retryable},"customer_action":${quote(failure.customerAction)}}`;
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
    ',"gateway":"', terms.gateway,
    '","gateway_reference":', quote(payment.gatewayReference),
    ',"merchant_reference":', quote(terms.merchantReference),
    ',"description":', quote(terms.description),
    ',"metadata":', terms.metadataJson,
    ',"pending":', pendingJson(payment, nextCheckAtMs, time),
    ',"failure":', failed,
    ',"version":', payment.version,
    ',"created_at":', time(terms.createdAtMs),
    ',"updated_at":', time(payment.updatedAtMs),
    "}",
  ].join("");
}

/** `reason` says why an operation is still open; without one nothing is pending. */
function pendingJson(payment: Payment, nextCheckAtMs: number | null, time: TimeWriter): string {
  const { operation, pendingReason } = payment;
  if (pendingReason === null) return "null";
  return (
    `{"operation":${word(operation.kind)},"reason":${word(pendingReason)},"cancel_requested":false` +
    `,"since":${time(operation.submittedAtMs)},"next_check_at":${nextCheckAtMs === null ? "null" : time(nextCheckAtMs)}` +
    `,"deadline":${time(operation.deadlineAtMs)},"needs_review":${payment.needsReview}}`
  );
}

function declinedJson(payment: Payment, requestId: string, time: TimeWriter): string {
  const failure = payment.failure;
  const decline =
    failure === null
      ? "null"
      : `{"code":${quote(failure.code)},"gateway_code":${quote(failure.gatewayCode)},"customer_action":${quote(failure.customerAction)}}`;
  return (
    problemStart("payment_declined", "The payment did not go through; nothing was charged.", requestId) +
    `,"payment_id":${word(payment.terms.id)},"decline":${decline},"payment":${paymentJson(payment, null, time)}}`
  );
}

function refusalJson(refusal: Refusal, requestId: string): string {
  const errors = refusal.errors === undefined ? "" : `,"errors":[${refusal.errors.map(errorJson).join(",")}]`;
  const detail = FIXED_DETAILS[refusal.code] ?? refusal.detail;
  return `${problemStart(refusal.code, detail, requestId)}${errors}}`;
}

const errorJson = (error: FieldError): string =>
  `{"pointer":${quote(error.pointer)},"code":${quote(error.code)},"detail":${quote(error.detail)}}`;
