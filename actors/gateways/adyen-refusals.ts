/**
 * Why Adyen refused, as its notifications tell it: in words, and unsigned. It labels a failure and decides nothing. Words
 * of a refused authorization are those of `refusalReason`, so they lead to the code that the API would have answered.
 */
import type { Failure } from "../domain/index.ts";
import { adyenFailure, type FailureCode, failureOf } from "./failures.ts";
import { labelIn } from "./notice-fields.ts";
import { type Json, rowOf } from "./verdicts.ts";

/** Row: `refusalReason` in lower case. Cell: `refusalReasonCode`. Source: Adyen's public list of refusal reasons. */
const CODE_OF_REASON: Readonly<Record<string, string>> = {
  refused: "2",
  referral: "3",
  "acquirer error": "4",
  "blocked card": "5",
  "expired card": "6",
  "invalid amount": "7",
  "invalid card number": "8",
  "issuer unavailable": "9",
  "not supported": "10",
  "3d not authenticated": "11",
  "not enough balance": "12",
  "acquirer fraud": "14",
  cancelled: "15",
  "shopper cancelled": "16",
  "invalid pin": "17",
  "pin tries exceeded": "18",
  "pin validation not possible": "19",
  fraud: "20",
  "not submitted": "21",
  "fraud-cancelled": "22",
  "transaction not permitted": "23",
  "cvc declined": "24",
  "restricted card": "25",
  "revocation of auth": "26",
  "declined non generic": "27",
  "withdrawal amount exceeded": "28",
  "withdrawal count exceeded": "29",
  "issuer suspected fraud": "31",
  "avs declined": "32",
  "authentication required": "38",
  "3ds authentication error": "42",
};

/** The failure of a refused authorization: generic, with Adyen's words, when they are not listed. */
export function adyenRefusal(item: Json): Failure {
  const reason = labelIn(item["reason"]);
  return adyenFailure((reason === null ? undefined : rowOf(CODE_OF_REASON, reason.toLowerCase())) ?? reason);
}

/** The failure of what was done to a payment later: `code`, with Adyen's words. */
export const adyenLaterRefusal =
  (code: FailureCode) =>
  (item: Json): Failure =>
    failureOf(code, labelIn(item["reason"]));
