/** What an effect makes of its payment: the same rule for the call that caused it and for a line of the charge log. */
import { hash } from "node:crypto";
import { assertNever } from "../../../actors/domain/index.ts";
import type { ChargeLine } from "./charge-log.ts";
import { type PaymentRecord, type StepKind, UNTOUCHED } from "./payment-record.ts";

/** 16 hexadecimal characters for a text; the same for ever. */
export const digestOf = (text: string): string => hash("sha1", text, "hex").slice(0, 16);

/** What each late effect adds to the key of the call that it follows; `late_success` is a charge. */
export const KEY_SUFFIX = {
  capture_failed: "-failed",
  refund_failed: "-failed",
  dispute: "-dispute",
  dispute_won: "-dispute-won",
  expire: "-expire",
  late_success: "-late",
} as const;

/** The key of the call that a late effect follows. */
export const causeKeyOf = (key: string): string => key.replace(/-(?:failed|dispute|dispute-won|expire|late)$/, "");

const STEP: { readonly [K in ChargeLine["kind"]]: StepKind } = {
  authorize: "charge",
  sale: "charge",
  capture: "capture",
  void: "void",
  refund: "refund",
  refund_failed: "refund",
  capture_failed: "late",
  dispute: "late",
  dispute_won: "late",
  expire: "late",
};

/** The payment after a late effect. `cause`: as the call left it that the effect follows; `key`: the effect's own. */
export function recordOfLate(
  kind: ChargeLine["kind"],
  key: string,
  amount: number,
  current: PaymentRecord,
  cause: PaymentRecord,
): PaymentRecord {
  return {
    ...current,
    key,
    fingerprint: "",
    at: cause.at, // it is when the refund or the payment was made
    answer: kind === "refund_failed" ? "declined" : "ok",
    step: STEP[kind],
    stepAmount: amount,
    stepOperation: cause.stepOperation,
    stepReference: cause.stepReference,
    stepRefundId: cause.stepRefundId,
    refundNumber: cause.refundNumber,
    ...after({ kind, amount }, current),
  };
}

/** The payment after an effect that only the charge log remembers. `cause`: the record of the call that it follows. */
export function recordOfLine(
  line: ChargeLine,
  before: PaymentRecord | undefined,
  cause: PaymentRecord | undefined,
): PaymentRecord {
  const manual = before?.manual ?? line.kind !== "sale";
  if (before !== undefined && cause !== undefined && line.key !== causeKeyOf(line.key))
    return recordOfLate(line.kind, line.key, line.amount, before, cause);
  return {
    operationId: line.operation_id,
    paymentId: line.payment_id,
    token: "",
    ...UNTOUCHED,
    ...before,
    id: line.gateway_reference,
    currency: line.currency,
    manual,
    at: Date.parse(line.at),
    account: line.account,
    key: line.key,
    fingerprint: "",
    answer: "ok",
    step: STEP[line.kind],
    stepAmount: line.amount,
    stepOperation: line.operation_id,
    stepReference: digestOf(`${line.account}:${line.key}`).toUpperCase(),
    stepRefundId: "",
    refunds: (before?.refunds ?? 0) + (line.kind === "refund" ? 1 : 0),
    refundNumber: 0,
    ...(line.kind === "capture" && { captureOperation: line.operation_id }),
    ...after(line, before),
  };
}

/** The members that an effect changes. */
export function after(
  line: Pick<ChargeLine, "kind" | "amount">,
  before: PaymentRecord | undefined,
): Pick<PaymentRecord, "state" | "captured" | "refunded" | "amount" | "disputed" | "cancelReason"> {
  const { captured = 0, refunded = 0, amount = line.amount, state = "authorized", disputed = 0 } = before ?? {};
  const same = { state, captured, refunded, amount, disputed, cancelReason: "" };
  switch (line.kind) {
    case "authorize":
      return { ...same, state: "authorized", amount: line.amount };
    case "sale":
      return { ...same, state: "captured", captured: line.amount, amount: line.amount };
    case "capture":
      return { ...same, state: "captured", captured: captured + line.amount };
    case "void":
      return { ...same, state: "canceled" };
    case "expire":
      return { ...same, state: "canceled", cancelReason: "automatic" };
    case "refund":
      return { ...same, refunded: refunded + line.amount };
    case "capture_failed":
      return { ...same, captured: captured - line.amount }; // the hold is gone all the same
    case "refund_failed":
      return { ...same, refunded: refunded - line.amount };
    case "dispute":
      return { ...same, disputed: disputed + line.amount };
    case "dispute_won":
      return { ...same, disputed: disputed - line.amount };
    default:
      return assertNever(line.kind);
  }
}
