/** What an effect makes of its payment: the same rule for the call that caused it and for a line of the charge log. */
import { hash } from "node:crypto";
import { assertNever } from "../../../actors/domain/index.ts";
import type { ChargeLine } from "./charge-log.ts";
import type { PaymentRecord } from "./records.ts";

/** 16 hexadecimal characters for a text; the same for ever. */
export const digestOf = (text: string): string => hash("sha1", text, "hex").slice(0, 16);

/** The payment after an effect that only the charge log remembers. */
export function recordOfLine(line: ChargeLine, before: PaymentRecord | undefined): PaymentRecord {
  const isCharge = line.kind === "authorize" || line.kind === "sale";
  const manual = before?.manual ?? line.kind !== "sale";
  return {
    operationId: line.operation_id,
    paymentId: line.payment_id,
    token: "",
    captureOperation: "",
    ...before,
    id: line.gateway_reference,
    currency: line.currency,
    manual,
    at: Date.parse(line.at),
    account: line.account,
    key: line.key,
    fingerprint: "",
    answer: "ok",
    step: isCharge ? "charge" : line.kind,
    stepAmount: line.amount,
    stepOperation: line.operation_id,
    stepReference: digestOf(`${line.account}:${line.key}`).toUpperCase(),
    stepRefundId: "",
    refunds: (before?.refunds ?? 0) + (line.kind === "refund" ? 1 : 0),
    ...(line.kind === "capture" && { captureOperation: line.operation_id }),
    ...after(line, before),
  };
}

/** The members that an effect changes. */
export function after(
  line: Pick<ChargeLine, "kind" | "amount">,
  before: PaymentRecord | undefined,
): Pick<PaymentRecord, "state" | "captured" | "refunded" | "amount"> {
  const { captured = 0, refunded = 0, amount = line.amount, state = "authorized" } = before ?? {};
  switch (line.kind) {
    case "authorize":
      return { state: "authorized", captured: 0, refunded: 0, amount: line.amount };
    case "sale":
      return { state: "captured", captured: line.amount, refunded: 0, amount: line.amount };
    case "capture":
      return { state: "captured", captured: captured + line.amount, refunded, amount };
    case "void":
      return { state: "canceled", captured, refunded, amount };
    case "refund":
      return { state, captured, refunded: refunded + line.amount, amount };
    default:
      return assertNever(line.kind);
  }
}
