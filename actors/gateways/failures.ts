/**
 * Decline codes of the gateways to our words (gateways.md §1.1 rule 7). Total: a code that is not listed is a generic
 * decline that a retry does not help; the raw code is kept as `gatewayCode`.
 */
import type { Failure } from "../domain/index.ts";

type Row = readonly [retryable: boolean, customerAction: string | null];

/** Our codes. `retryable`: the same card may pass later. Lost and stolen are not told apart: the shopper may be the thief. */
const CODES = {
  generic_decline: [false, "try_another_card"],
  do_not_honor: [false, "contact_issuer"],
  insufficient_funds: [true, "try_another_card"],
  limit_exceeded: [true, "try_another_card"],
  expired_card: [false, "try_another_card"],
  lost_or_stolen_card: [false, "try_another_card"],
  suspected_fraud: [false, "try_another_card"],
  incorrect_card_details: [false, "check_details"],
  card_not_supported: [false, "try_another_card"],
  authentication_required: [false, "authenticate"],
  issuer_unavailable: [true, "try_again_later"],
  processing_error: [true, "try_again_later"],
  duplicate_transaction: [false, null],
  invalid_payment_method: [false, "try_another_card"],
  invalid_amount: [false, null],
  canceled: [false, null],
  already_captured: [false, null],
  authorization_expired: [false, null],
  disputed: [false, null],
  card_closed: [false, null],
  gateway_balance_too_low: [true, null],
  refund_declined: [false, null],
  capture_declined: [false, null],
  void_declined: [false, null],
  offer_closed: [false, null],
  invalid_gateway_request: [false, null],
} as const satisfies Record<string, Row>;
export type FailureCode = keyof typeof CODES;
/** All of our codes. */
export const FAILURE_CODES: readonly string[] = Object.keys(CODES);

/** A failure by our code. */
export const failureOf = (code: FailureCode, gatewayCode: string | null): Failure => ({
  code,
  retryable: CODES[code][0],
  customerAction: CODES[code][1],
  gatewayCode,
});

/** Stripe `decline_code`, else `code`. */
const STRIPE: Readonly<Record<string, FailureCode>> = {
  insufficient_funds: "insufficient_funds",
  card_velocity_exceeded: "limit_exceeded",
  withdrawal_count_limit_exceeded: "limit_exceeded",
  expired_card: "expired_card",
  lost_card: "lost_or_stolen_card",
  stolen_card: "lost_or_stolen_card",
  pickup_card: "lost_or_stolen_card",
  fraudulent: "suspected_fraud",
  merchant_blacklist: "suspected_fraud",
  security_violation: "suspected_fraud",
  do_not_honor: "do_not_honor",
  call_issuer: "do_not_honor",
  no_action_taken: "do_not_honor",
  restricted_card: "do_not_honor",
  not_permitted: "do_not_honor",
  incorrect_cvc: "incorrect_card_details",
  invalid_cvc: "incorrect_card_details",
  incorrect_number: "incorrect_card_details",
  invalid_number: "incorrect_card_details",
  invalid_expiry_month: "incorrect_card_details",
  invalid_expiry_year: "incorrect_card_details",
  incorrect_zip: "incorrect_card_details",
  incorrect_pin: "incorrect_card_details",
  invalid_pin: "incorrect_card_details",
  card_not_supported: "card_not_supported",
  currency_not_supported: "card_not_supported",
  authentication_required: "authentication_required",
  authentication_not_handled: "authentication_required",
  payment_intent_action_required: "authentication_required",
  payment_intent_authentication_failure: "authentication_required",
  issuer_not_available: "issuer_unavailable",
  try_again_later: "issuer_unavailable",
  reenter_transaction: "issuer_unavailable",
  approve_with_id: "issuer_unavailable",
  processing_error: "processing_error",
  duplicate_transaction: "duplicate_transaction",
  invalid_amount: "invalid_amount",
  amount_too_small: "invalid_amount",
  amount_too_large: "invalid_amount",
  invalid_account: "invalid_payment_method",
  new_account_information_available: "invalid_payment_method",
};

/** Stripe `failure_reason` of a refund. */
const STRIPE_REFUND: Readonly<Record<string, FailureCode>> = {
  lost_or_stolen_card: "card_closed",
  expired_or_canceled_card: "card_closed",
  charge_for_pending_refund_disputed: "disputed",
  insufficient_funds: "gateway_balance_too_low",
  merchant_request: "canceled",
};

/** Stripe `code` of a request that was refused though it was well formed; any other one is our own mistake. */
const STRIPE_REFUSAL: Readonly<Record<string, FailureCode>> = {
  amount_too_small: "invalid_amount",
  amount_too_large: "invalid_amount",
  capture_charge_authorization_expired: "authorization_expired",
  charge_expired_for_capture: "authorization_expired",
  charge_disputed: "disputed",
  refund_disputed_payment: "disputed",
  balance_insufficient: "gateway_balance_too_low",
};

/** Adyen `refusalReasonCode`. */
const ADYEN: Readonly<Record<string, FailureCode>> = {
  "3": "do_not_honor",
  "4": "processing_error",
  "5": "card_not_supported",
  "6": "expired_card",
  "7": "invalid_amount",
  "8": "incorrect_card_details",
  "9": "issuer_unavailable",
  "10": "card_not_supported",
  "11": "authentication_required",
  "12": "insufficient_funds",
  "14": "suspected_fraud",
  "15": "canceled",
  "16": "canceled",
  "17": "incorrect_card_details",
  "18": "limit_exceeded",
  "20": "suspected_fraud",
  "21": "processing_error",
  "22": "suspected_fraud",
  "23": "do_not_honor",
  "24": "incorrect_card_details",
  "25": "do_not_honor",
  "27": "do_not_honor",
  "28": "limit_exceeded",
  "29": "limit_exceeded",
  "31": "suspected_fraud",
  "32": "incorrect_card_details",
  "38": "authentication_required",
  "42": "authentication_required",
  "46": "do_not_honor",
};

/** The gateways' codes that we know. */
export const GATEWAY_CODES: readonly string[] = [STRIPE, STRIPE_REFUND, STRIPE_REFUSAL, ADYEN].flatMap(Object.keys);

const lookUp = (
  table: Readonly<Record<string, FailureCode>>,
  raw: unknown,
  otherwise: FailureCode = "generic_decline",
): Failure => {
  const code = typeof raw === "string" || typeof raw === "number" ? String(raw).slice(0, CODE_MAX) : null;
  const known = code !== null && Object.hasOwn(table, code) ? table[code] : undefined;
  return failureOf(known ?? otherwise, code);
};

/** A raw code is stored and shown: no longer than any that a gateway documents. */
const CODE_MAX = 60;

/** The failure that Stripe's code means; total over every value. */
export const stripeFailure = (code: unknown): Failure => lookUp(STRIPE, code);
/** The failure that Stripe's reason for a failed refund means; total over every value. */
export const stripeRefundFailure = (reason: unknown): Failure => lookUp(STRIPE_REFUND, reason, "refund_declined");
/** The failure that Stripe's code of a refused request means; total over every value. */
export const stripeRefusal = (code: unknown): Failure => lookUp(STRIPE_REFUSAL, code, "invalid_gateway_request");
/** The failure that Adyen's refusal reason code means; total over every value. */
export const adyenFailure = (code: unknown): Failure => lookUp(ADYEN, code);
