/**
 * What each of Adyen's event codes claims (gateways.md §1.5, §1.6). Decided by signed fields alone: the code and
 * `success`; the unsigned ones label a failure and the state of a dispute. What is not listed is nothing to us.
 */
import type { DisputeState, Failure } from "../domain/index.ts";
import type { NoticeClaim } from "../ports/notices.ts";
import { adyenLaterRefusal, adyenRefusal } from "./adyen-refusals.ts";
import { failureOf } from "./failures.ts";
import { INFORMATIONAL, nameIn, unclear } from "./notice-fields.ts";
import { asObject, type Json, rowOf } from "./verdicts.ts";

type ClaimOf = (item: Json) => NoticeClaim;
/** `payment`: the item's own reference is the payment's. `later`: it is of something done to the payment. */
type Names = "payment" | "later" | "cancel" | "event";
interface AdyenRow {
  readonly success: ClaimOf;
  readonly refusal: ClaimOf;
  /** What `pspReference` and `originalReference` name. */
  readonly names: Names;
}
type Failed = Extract<NoticeClaim, { readonly failure: Failure }>["kind"];
type Done = "authorized" | "captured" | "voided" | "expired" | "refunded";

const done =
  (kind: Done): ClaimOf =>
  () => ({ kind });
const failed =
  (kind: Failed, failureIn: (item: Json) => Failure): ClaimOf =>
  (item) => ({ kind, failure: failureIn(item) });
const nothing: ClaimOf = () => INFORMATIONAL;

const row = (names: Names, success: ClaimOf, refusal = nothing): AdyenRow => ({ names, success, refusal });
const captureRefused = adyenLaterRefusal("capture_declined");
const refundRefused = adyenLaterRefusal("refund_declined");
const cancel = row("cancel", done("voided"), failed("voidFailed", adyenLaterRefusal("void_declined")));
const refundReversed = row("later", failed("refundReversed", refundRefused));

// ---------------------------------------------------------------- disputes

/** Row: `additionalData.disputeStatus` in lower case: it labels where the code does not say. */
const DISPUTE_STATUS: Readonly<Record<string, DisputeState>> = {
  unresponded: "needs_response",
  responded: "under_review",
  pending: "under_review",
  undefended: "accepted",
  accepted: "accepted",
  expired: "expired",
  won: "won",
  lost: "lost",
};
type Funds = Extract<NoticeClaim, { kind: "dispute" }>["funds"];

/** `state`: what the signed code says by itself; null: it leaves it to the unsigned status. */
const dispute = (state: DisputeState | null, funds: Funds = null): AdyenRow =>
  row("event", (item) => {
    const reference = nameIn(item["pspReference"]);
    if (reference === null) return unclear("pspReference");
    const status = nameIn(asObject(item["additionalData"])["disputeStatus"])?.toLowerCase();
    return {
      kind: "dispute",
      reference,
      state: state ?? (status === undefined ? undefined : rowOf(DISPUTE_STATUS, status)) ?? null,
      funds,
    };
  });

// ---------------------------------------------------------------- the tables

/** Row: an event code that speaks of a payment of ours. */
export const ADYEN_CLAIMS: Readonly<Record<string, AdyenRow>> = {
  AUTHORISATION: row("payment", done("authorized"), failed("declined", adyenRefusal)),
  CAPTURE: row("later", done("captured"), failed("captureFailed", captureRefused)),
  CAPTURE_FAILED: row("later", failed("captureReversed", captureRefused)),
  CANCELLATION: cancel,
  TECHNICAL_CANCEL: cancel,
  REFUND: row("later", done("refunded"), failed("refundFailed", refundRefused)),
  REFUND_FAILED: refundReversed,
  REFUNDED_REVERSED: refundReversed,
  EXPIRE: row("event", done("expired")),
  OFFER_CLOSED: row(
    "event",
    failed("declined", () => failureOf("offer_closed", null)),
  ),
  REQUEST_FOR_INFORMATION: dispute("inquiry"),
  NOTIFICATION_OF_CHARGEBACK: dispute("needs_response"),
  CHARGEBACK: dispute(null, "held"),
  CHARGEBACK_REVERSED: dispute("reversed", "released"),
  SECOND_CHARGEBACK: dispute(null, "held"),
  PREARBITRATION_OPEN: dispute(null),
  PREARBITRATION_ACCEPTED: dispute("accepted", "lost"),
  PREARBITRATION_DECLINED: dispute(null),
  PREARBITRATION_ISSUER_WITHDRAWN: dispute(null),
  PREARBITRATION_WON: dispute("won"),
  PREARBITRATION_LOST: dispute("lost", "lost"),
  SCHEME_ARBITRATION: dispute("under_review"),
  SCHEME_ARBITRATION_WON: dispute("won"),
  SCHEME_ARBITRATION_LOST: dispute("lost", "lost"),
  DISPUTE_DEFENSE_PERIOD_ENDED: dispute(null),
  ISSUER_RESPONSE_TIMEFRAME_EXPIRED: dispute(null),
  ISSUER_COMMENTS: dispute(null),
  INFORMATION_SUPPLIED: dispute(null),
};

/**
 * Codes that we know and that change no payment. CANCEL_OR_REFUND tells only unsigned which of the two it was, and we
 * never ask for it; of those that move money none is asked for by us.
 */
export const ADYEN_INFORMATIONAL: ReadonlySet<string> = new Set([
  "CANCEL_OR_REFUND",
  "REPORT_AVAILABLE",
  "NOTIFICATION_OF_FRAUD",
  "MANUAL_REVIEW_ACCEPT",
  "MANUAL_REVIEW_REJECT",
  "REFUND_WITH_DATA",
  "HANDLED_EXTERNALLY",
  "POSTPONED_REFUND",
  "VOID_PENDING_REFUND",
  "AUTHORISATION_ADJUSTMENT",
  "AUTHENTICATION",
  "ORDER_OPENED",
  "ORDER_CLOSED",
  "RECURRING_CONTRACT",
  "AUTORESCUE",
  "CANCEL_AUTORESCUE",
  "PAYOUT_THIRDPARTY",
  "PAYOUT_EXPIRE",
  "PAYOUT_DECLINE",
  "PAIDOUT_REVERSED",
]);
