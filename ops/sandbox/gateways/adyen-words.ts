/** Adyen's side of the wire: answers and errors of Checkout, as far as the adapters read them. */
import type { Dialect } from "./bookkeeper.ts";
import { echoedOperationOf } from "./echo.ts";
import { type Answer, jsonAnswer } from "./exchange.ts";
import type { PaymentRecord } from "./payment-record.ts";
import { tokenRow } from "./tokens.ts";

const WEEK_MS = 7 * 86_400_000;

/** An error in Adyen's shape. */
export const adyenError = (
  status: number,
  errorCode: string,
  message: string,
  errorType = "validation",
  headers: readonly string[] = [],
): Answer => jsonAnswer(status, { status, errorCode, message, errorType }, headers);

const paymentOf = (record: PaymentRecord): Readonly<Record<string, unknown>> => ({
  pspReference: record.id,
  resultCode: "Authorised",
  amount: { currency: record.currency, value: record.amount },
  merchantReference: echoedOperationOf("adyen", record),
  paymentMethod: { brand: "visa", type: "scheme" },
});

/** A token that nobody knows is refused like a wrong card number, and the refusal is stored by its key. */
const UNKNOWN_CARD = { adyenCode: "8", adyenReason: "Invalid Card Number" };

/** Why the payment was refused, in Adyen's code and words. */
export function adyenRefusalOf({ token }: PaymentRecord): { readonly code: string; readonly reason: string } {
  const { adyenCode, adyenReason } = tokenRow("adyen", token)?.decline ?? UNKNOWN_CARD;
  return { code: adyenCode, reason: adyenReason };
}

function refusalOf(record: PaymentRecord): Readonly<Record<string, unknown>> {
  const { code, reason } = adyenRefusalOf(record);
  return {
    pspReference: record.id,
    resultCode: "Refused",
    refusalReason: reason,
    refusalReasonCode: code,
    merchantReference: record.operationId,
  };
}

const modificationOf = (record: PaymentRecord): Readonly<Record<string, unknown>> => ({
  merchantAccount: record.account,
  paymentPspReference: record.id,
  pspReference: record.stepReference,
  reference: record.stepOperation,
  status: "received",
  ...(record.step !== "void" && { amount: { currency: record.currency, value: record.stepAmount } }),
});

export const ADYEN_DIALECT: Dialect = {
  gateway: "adyen",
  keyTtlMs: WEEK_MS,
  stores500: false,
  checksParameters: false,
  inFlight: () => adyenError(422, "704", "request already processed or in progress"),
  otherParameters: () => adyenError(422, "704", "request already processed or in progress"),
  locked: () => adyenError(503, "905", "The payment is in use", "internal", ["transient-error", "true"]),
  rateLimited: () => adyenError(429, "029", "Too many requests", "security", ["Retry-After", "1"]),
  serverError: () => adyenError(500, "905", "Payment details are not supported (sandbox)", "internal"),
  render: (record) => {
    if (record.step !== "charge") return jsonAnswer(201, modificationOf(record));
    return jsonAnswer(200, record.answer === "declined" ? refusalOf(record) : paymentOf(record));
  },
};

/** What `/paymentMethods` offers: cards, to every account. */
export const adyenPaymentMethods = (json: Readonly<Record<string, unknown>> | undefined): Answer =>
  typeof json?.["merchantAccount"] === "string" && json["merchantAccount"] !== ""
    ? jsonAnswer(200, { paymentMethods: [{ brands: ["visa", "mc", "amex"], name: "Cards", type: "scheme" }] })
    : adyenError(403, "901", "Invalid Merchant Account", "security");
