/**
 * Double entry: one posting is one balanced transfer, immutable, one currency. Source: gateways.md §5.
 * Accounts are per merchant and currency; `gateway_receivable` also per gateway. `pending` postings live in a second
 * layer that never mixes with posted balances.
 */
import type { FactKind } from "./payment.ts";

export const LEDGER_ACCOUNTS = [
  "gateway_receivable",
  "merchant_pending",
  "merchant_payable",
  "gateway_fees",
  "refunds_in_transit",
  "disputes_held",
  "fx_gain_loss",
  "bank_in_transit",
  "bank",
  "settlement_clearing",
  "suspense",
] as const;
export type LedgerAccount = (typeof LEDGER_ACCOUNTS)[number];

export const LEDGER_KINDS = [
  "hold",
  "hold_release",
  "capture",
  "capture_reverse",
  "refund_reserve",
  "refund_settle",
  "refund_release",
  "refund_unsettle",
  "dispute_hold",
  "dispute_release",
  "dispute_loss",
] as const;
export type LedgerKind = (typeof LEDGER_KINDS)[number];

interface LedgerTemplate {
  readonly debit: LedgerAccount;
  readonly credit: LedgerAccount;
  readonly layer: "pending" | "posted";
}

/** Assets and costs grow by debit. */
export const TEMPLATES: { readonly [K in LedgerKind]: LedgerTemplate } = {
  hold: { debit: "gateway_receivable", credit: "merchant_pending", layer: "pending" },
  hold_release: { debit: "merchant_pending", credit: "gateway_receivable", layer: "pending" },
  capture: { debit: "gateway_receivable", credit: "merchant_payable", layer: "posted" },
  capture_reverse: { debit: "merchant_payable", credit: "gateway_receivable", layer: "posted" },
  refund_reserve: { debit: "merchant_payable", credit: "refunds_in_transit", layer: "posted" },
  refund_settle: { debit: "refunds_in_transit", credit: "gateway_receivable", layer: "posted" },
  refund_release: { debit: "refunds_in_transit", credit: "merchant_payable", layer: "posted" },
  refund_unsettle: { debit: "gateway_receivable", credit: "refunds_in_transit", layer: "posted" },
  dispute_hold: { debit: "disputes_held", credit: "gateway_receivable", layer: "posted" },
  dispute_release: { debit: "gateway_receivable", credit: "disputes_held", layer: "posted" },
  dispute_loss: { debit: "merchant_payable", credit: "disputes_held", layer: "posted" },
};

/** One transfer. `amountMinor` > 0. */
export interface Posting {
  readonly kind: LedgerKind;
  readonly debit: LedgerAccount;
  readonly credit: LedgerAccount;
  readonly amountMinor: bigint;
}

/** A transfer by its template. Throws on an amount that is not positive: that is a bug. */
export function post(kind: LedgerKind, amountMinor: bigint): Posting {
  if (amountMinor <= 0n) throw new Error(`a ${kind} posting needs a positive amount`);
  return { kind, debit: TEMPLATES[kind].debit, credit: TEMPLATES[kind].credit, amountMinor };
}

/** Amounts that a fact settles: what was held before it and what it captures. Minor units. */
export interface FactAmounts {
  readonly heldMinor: bigint;
  readonly amountMinor: bigint;
}

/** The postings of a payment fact; a hold resolves exactly once, by capture, void or expiry. */
export function postingsOf(fact: FactKind, amounts: FactAmounts): readonly Posting[] {
  const { heldMinor, amountMinor } = amounts;
  const release = heldMinor > 0n ? [post("hold_release", heldMinor)] : [];
  switch (fact) {
    case "authorized":
    case "lateAuthorized":
      return [post("hold", amountMinor)];
    case "captured":
    case "lateCaptured":
      return [...release, post("capture", amountMinor)];
    case "voided":
    case "authorizationExpired":
      return release;
    case "refundRequested":
      return [post("refund_reserve", amountMinor)];
    case "refunded":
      return [post("refund_settle", amountMinor)];
    case "refundFailed":
      return [post("refund_release", amountMinor)];
    case "captureReversed":
      return [post("capture_reverse", amountMinor)];
    case "refundReversed":
      return [post("refund_unsettle", amountMinor), post("refund_release", amountMinor)];
    case "disputeHeld":
      return [post("dispute_hold", amountMinor)];
    case "disputeReleased":
      return [post("dispute_release", amountMinor)];
    case "disputeLost":
      return [post("dispute_loss", amountMinor)];
    default:
      return [];
  }
}
