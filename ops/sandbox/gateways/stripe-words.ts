/** Stripe's side of the wire: objects and errors as api.stripe.com writes them, as far as the adapters read them. */
import type { Dialect } from "./bookkeeper.ts";
import { type Answer, jsonAnswer } from "./exchange.ts";
import type { PaymentRecord } from "./records.ts";
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

const declineOf = (record: PaymentRecord): Readonly<Record<string, unknown>> => ({
  type: "card_error",
  code: "card_declined",
  decline_code: tokenRow(record.token)?.decline?.stripe ?? "generic_decline",
  message: "Your card was declined.",
});

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
    cancellation_reason: null,
    capture_method: record.manual ? "manual" : "automatic",
    confirmation_method: "automatic",
    created: Math.floor(record.at / 1000),
    currency: record.currency.toLowerCase(),
    last_payment_error: state === "declined" ? declineOf(record) : null,
    latest_charge: state === "authorized" || state === "captured" ? `ch_${record.id.slice(3)}` : null,
    livemode: false,
    metadata: { operation_id: record.operationId, payment_id: record.paymentId },
    payment_method: record.token,
    payment_method_types: ["card"],
    status: STATUS[state],
  };
}

const refundOf = (record: PaymentRecord): Readonly<Record<string, unknown>> => ({
  id: `re_${record.stepReference.toLowerCase()}`,
  object: "refund",
  amount: record.stepAmount,
  currency: record.currency.toLowerCase(),
  metadata: { operation_id: record.stepOperation, payment_id: record.paymentId },
  payment_intent: record.id,
  status: "succeeded",
});

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
    if (record.answer === "declined")
      return stripeError(402, { ...declineOf(record), payment_intent: intentOf(record) });
    return jsonAnswer(200, record.step === "refund" ? refundOf(record) : intentOf(record));
  },
};
