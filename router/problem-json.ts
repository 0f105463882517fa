/** RFC 9457 problems of design §7. */
import {
  type FieldError,
  type OperationKind,
  type Payment,
  REFUSALS,
  type Refusal,
  type RefusalCode,
} from "../actors/domain/index.ts";
import { quote, type TimeWriter, word } from "./json-words.ts";
import { paymentJson, refundJson } from "./payment-json.ts";

/** A foreign object answers like an unknown one: the detail must not tell which it was, whoever refused. */
const FIXED_DETAILS: { readonly [C in RefusalCode]?: string } = {
  not_found: "There is no such object.",
  internal_error: "The request failed on our side; its id finds the reason in our logs.",
};

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

const NO_CHARGE = "The payment did not go through; nothing was charged.";
const DECLINE_DETAILS: { readonly [K in OperationKind]: string } = {
  authorize: NO_CHARGE,
  sale: NO_CHARGE,
  capture: "The gateway refused the capture; nothing was captured.",
  void: "The gateway refused the cancel; what was authorized stays so.",
  refund: "The gateway refused the refund; nothing was given back.",
};

const CANCELED = "The payment was canceled while its outcome was open; nothing was charged.";

/** A canceled payment was refused by nobody: its first operation ended without a charge, as was asked for. */
const declineDetailOf = ({ operation: { kind }, status }: Payment): string =>
  status === "canceled" && (kind === "authorize" || kind === "sale") ? CANCELED : DECLINE_DETAILS[kind];

/**
 * The 402 problem. `payment.operation` is what was refused, or given up for a cancel; a refund stands beside its payment.
 */
export function declinedJson(payment: Payment, requestId: string, time: TimeWriter): string {
  const { operation, terms } = payment;
  const failure = operation.failure ?? payment.failure;
  const decline =
    failure === null
      ? "null"
      : `{"code":${quote(failure.code)},"gateway_code":${quote(failure.gatewayCode)},"customer_action":${quote(failure.customerAction)}}`;
  const refund =
    operation.kind === "refund" ? `,"refund":${refundJson(payment, operation, payment.updatedAtMs, null, time)}` : "";
  return (
    problemStart("payment_declined", declineDetailOf(payment), requestId) +
    `,"payment_id":${word(terms.id)},"decline":${decline},"payment":${paymentJson(payment, null, time)}${refund}}`
  );
}

export function refusalJson(refusal: Refusal, requestId: string): string {
  const errors = refusal.errors === undefined ? "" : `,"errors":[${refusal.errors.map(errorJson).join(",")}]`;
  const detail = FIXED_DETAILS[refusal.code] ?? refusal.detail;
  return `${problemStart(refusal.code, detail, requestId)}${errors}}`;
}

const errorJson = (error: FieldError): string =>
  `{"pointer":${quote(error.pointer)},"code":${quote(error.code)},"detail":${quote(error.detail)}}`;
