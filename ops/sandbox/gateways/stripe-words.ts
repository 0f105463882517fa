/** Stripe's side of the wire: objects and errors as api.stripe.com writes them, as far as the adapters read them. */
import { currencyOf } from "../../../actors/domain/index.ts";
import type { Dialect } from "./bookkeeper.ts";
import { echoedOperationOf } from "./echo.ts";
import { type Answer, jsonAnswer } from "./exchange.ts";
import type { PaymentRecord } from "./payment-record.ts";
import { tokenRow } from "./tokens.ts";

const DAY_MS = 86_400_000;

const STATUS = {
  open: "requires_confirmation",
  declined: "requires_payment_method",
  canceled: "canceled",
  authorized: "requires_capture",
  captured: "succeeded",
} as const;

/** An error in Stripe's shape. */
export const stripeError = (status: number, error: Readonly<Record<string, unknown>>): Answer =>
  jsonAnswer(status, { error: { message: "Refused by the sandbox.", ...error } });

/** A request that is not executed. */
export const stripeInvalid = (message: string, more: Readonly<Record<string, unknown>> = {}, status = 400): Answer =>
  stripeError(status, { type: "invalid_request_error", message, ...more });
/** No object with this id in the account. `what`: the parameter that names it. */
export const stripeMissing = (what: "intent" | "payment_intent" | "refund", id: string): Answer =>
  stripeInvalid(
    `No such ${what === "refund" ? "refund" : "payment_intent"}: '${id}'`,
    { code: "resource_missing", param: what },
    404,
  );
/** The intent has moved on, or has not come so far. */
export const stripeWrongState = (record: PaymentRecord): Answer =>
  stripeInvalid("This PaymentIntent's status does not allow this.", {
    code: "payment_intent_unexpected_state",
    payment_intent: intentOf(record),
  });

const declineOf = (record: PaymentRecord): Readonly<Record<string, unknown>> => ({
  type: "card_error",
  code: "card_declined",
  decline_code: tokenRow("stripe", record.token)?.decline?.stripe ?? "generic_decline",
  message: "Your card was declined.",
});

/** Stripe takes amounts of three decimals only when the last one is 0. */
export const isStripeAmount = (currency: string, amount: number): boolean =>
  Number.isSafeInteger(amount) && amount > 0 && (currencyOf(currency)?.exponent !== 3 || amount % 10 === 0);

export const chargeIdOf = (record: PaymentRecord): string => `ch_${record.id.slice(3)}`;

/** The PaymentIntent of a record. */
export function intentOf(record: PaymentRecord): Readonly<Record<string, unknown>> {
  const { state, amount } = record;
  return {
    id: record.id,
    object: "payment_intent",
    amount,
    amount_capturable: state === "authorized" ? amount : 0,
    amount_received: record.captured,
    canceled_at: state === "canceled" ? Math.floor(record.at / 1000) : null,
    cancellation_reason: record.cancelReason === "" ? null : record.cancelReason,
    capture_method: record.manual ? "manual" : "automatic",
    confirmation_method: "automatic",
    created: Math.floor(record.at / 1000),
    currency: record.currency.toLowerCase(),
    last_payment_error: state === "declined" ? declineOf(record) : null,
    latest_charge: state === "authorized" || state === "captured" ? chargeIdOf(record) : null,
    livemode: false,
    metadata: {
      operation_id: echoedOperationOf("stripe", record),
      payment_id: record.paymentId,
      ...(record.captured > 0 && record.captureOperation !== "" && { capture_operation_id: record.captureOperation }),
    },
    payment_method: record.token,
    payment_method_types: ["card"],
    status: STATUS[state],
  };
}

/** The id of the refund that the record's call made. */
export const refundIdOf = (record: PaymentRecord): string => `re_${record.stepReference.toLowerCase()}`;

/** The Refund of the record's call. `isSettled`: what takes a while has ended. */
export function refundOf(record: PaymentRecord, isSettled: boolean): Readonly<Record<string, unknown>> {
  const failed = record.answer === "declined";
  const pending = !isSettled && tokenRow("stripe", record.token)?.refund === "pending";
  return {
    id: refundIdOf(record),
    object: "refund",
    amount: record.stepAmount,
    charge: chargeIdOf(record),
    created: Math.floor(record.at / 1000),
    currency: record.currency.toLowerCase(),
    ...(failed && { failure_reason: "declined" }),
    metadata: {
      operation_id: record.stepOperation,
      payment_id: record.paymentId,
      ...(record.stepRefundId !== "" && { refund_id: record.stepRefundId }),
    },
    payment_intent: record.id,
    reason: null,
    status: failed ? "failed" : pending ? "pending" : "succeeded",
  };
}

const serverError = (): Answer =>
  stripeError(500, { type: "api_error", message: "An unknown error occurred (sandbox)." });

export const STRIPE_DIALECT: Dialect = {
  gateway: "stripe",
  keyTtlMs: DAY_MS,
  stores500: true,
  checksParameters: true,
  inFlight: () =>
    stripeError(409, {
      type: "idempotency_error",
      code: "idempotency_key_in_use",
      message: "There is currently another in-progress request using this idempotent key.",
    }),
  otherParameters: (key) =>
    stripeError(400, {
      type: "idempotency_error",
      message: `Keys for idempotent requests can only be used with the same parameters they were first used with: ${key}.`,
    }),
  locked: () => stripeError(429, { type: "invalid_request_error", code: "lock_timeout" }),
  rateLimited: () => stripeError(429, { type: "invalid_request_error", code: "rate_limit" }),
  serverError,
  render: (record) => {
    if (record.answer === "failed") return serverError();
    if (record.step === "refund") return jsonAnswer(200, refundOf(record, false));
    if (record.answer === "declined")
      return stripeError(402, { ...declineOf(record), payment_intent: intentOf(record) });
    return jsonAnswer(200, intentOf(record));
  },
};
