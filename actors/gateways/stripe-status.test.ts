import { expect } from "chai";
import type { OperationId, OperationKind, PaymentId } from "../domain/index.ts";
import type { GatewayObservation } from "../ports/gateway.ts";
import { judgeStripeIntent, judgeStripeRefund } from "./stripe-status.ts";

const call = (kind: OperationKind) => ({
  kind,
  operationId: "op_1" as OperationId,
  paymentId: "pay_1" as PaymentId,
  amountMinor: 1000n,
  currency: "EUR",
  gatewayReference: "pi_1",
});
const intent = (status: unknown, more: object = {}) => ({
  id: "pi_1",
  object: "payment_intent",
  status,
  amount: 1000,
  amount_capturable: 1000,
  amount_received: 1000,
  currency: "eur",
  metadata: { operation_id: "op_1", payment_id: "pay_1", capture_operation_id: "op_1" },
  ...more,
});
const declined = { last_payment_error: { code: "card_declined", decline_code: "insufficient_funds" } };

type Kind = GatewayObservation["kind"];
const STRIPE: ReadonlyArray<readonly [status: unknown, kind: OperationKind, expected: Kind, more?: object]> = [
  ["requires_payment_method", "authorize", "declined", declined],
  ["requires_payment_method", "sale", "declined", declined],
  ["requires_payment_method", "authorize", "undecided"],
  ["requires_payment_method", "sale", "undecided", { last_payment_error: null }],
  ["requires_confirmation", "authorize", "undecided"],
  ["requires_confirmation", "sale", "undecided"],
  ["requires_action", "authorize", "processing"],
  ["requires_action", "sale", "processing"],
  ["requires_action", "capture", "processing"],
  ["requires_action", "void", "processing"],
  ["processing", "authorize", "processing"],
  ["processing", "sale", "processing"],
  ["processing", "capture", "processing"],
  ["processing", "void", "processing"],
  ["requires_capture", "authorize", "authorized"],
  ["requires_capture", "authorize", "conflicted", { amount_capturable: 999 }],
  ["requires_capture", "sale", "conflicted"],
  ["requires_capture", "capture", "undecided"],
  ["requires_capture", "void", "undecided"],
  ["succeeded", "sale", "captured"],
  ["succeeded", "capture", "captured"],
  ["succeeded", "capture", "captured", { amount: 5000 }],
  ["succeeded", "capture", "conflicted", { amount: 1000, amount_received: 999 }],
  ["succeeded", "capture", "conflicted", { amount_received: undefined }],
  ["succeeded", "capture", "conflicted", { metadata: { payment_id: "pay_1", operation_id: "op_0" } }],
  ["succeeded", "capture", "conflicted", { metadata: { payment_id: "pay_1", capture_operation_id: "op_2" } }],
  ["succeeded", "capture", "conflicted", { metadata: { payment_id: "pay_2", capture_operation_id: "op_1" } }],
  ["succeeded", "capture", "conflicted", { currency: "usd" }],
  ["succeeded", "capture", "conflicted", { id: "pi_2" }],
  ["canceled", "void", "voided", { metadata: { payment_id: "pay_1", operation_id: "op_0" } }],
  ["canceled", "void", "conflicted", { metadata: { payment_id: "pay_2", operation_id: "op_0" } }],
  ["canceled", "void", "conflicted", { id: "pi_2" }],
  ["requires_payment_method", "capture", "unknown", declined],
  ["requires_payment_method", "void", "unknown", declined],
  ["requires_confirmation", "void", "unknown"],
  ["partially_captured", "capture", "unknown"],
  [null, "capture", "unknown"],
  [undefined, "void", "unknown"],
  [7, "capture", "unknown"],
  // A capture of ours has taken it, perhaps less of it: the authorize was one all the same.
  ["succeeded", "authorize", "authorized", { amount_received: 700 }],
  ["succeeded", "authorize", "captured", { metadata: { payment_id: "pay_1", operation_id: "op_1" } }],
  ["succeeded", "sale", "conflicted", { amount_received: 1001 }],
  ["succeeded", "void", "declined"],
  ["canceled", "void", "voided"],
  ["canceled", "authorize", "voided"],
  ["canceled", "sale", "voided"],
  ["canceled", "capture", "declined"], // nothing is left to take
  ["requires_capture", "refund", "unknown"],
  ["requires_confirmation", "capture", "unknown"],
  ["partially_succeeded", "sale", "unknown"],
  ["toString", "sale", "unknown"],
  ["__proto__", "sale", "unknown"],
  ["", "sale", "unknown"],
  [null, "sale", "unknown"],
  [undefined, "sale", "unknown"],
  [200, "sale", "unknown"],
  [{}, "sale", "unknown"],
];

describe("Stripe PaymentIntent status", () => {
  for (const [status, kind, expected, more] of STRIPE)
    it(`${JSON.stringify(status)} for ${kind}${more ? ` with ${JSON.stringify(more)}` : ""} -> ${expected}`, () =>
      expect(judgeStripeIntent(intent(status, more), call(kind)).kind).to.equal(expected));

  const strangers: ReadonlyArray<readonly [name: string, object, expected: Kind]> = [
    ["another amount", { amount: 1001 }, "conflicted"],
    ["an amount as text", { amount: "1000" }, "conflicted"],
    ["a rounded amount", { amount: 1000.5 }, "conflicted"],
    ["another currency", { currency: "usd" }, "conflicted"],
    ["no currency", { currency: null }, "conflicted"],
    ["another operation", { metadata: { operation_id: "op_2", payment_id: "pay_1" } }, "conflicted"],
    ["another payment", { metadata: { operation_id: "op_1", payment_id: "pay_2" } }, "conflicted"],
    ["no metadata", { metadata: null }, "conflicted"],
    ["another intent", { id: "pi_2" }, "conflicted"],
    ["no id", { id: null }, "unknown"],
    ["another object", { object: "charge" }, "unknown"],
  ];
  for (const [name, more, expected] of strangers)
    it(`never believes a success with ${name}`, () =>
      expect(judgeStripeIntent(intent("succeeded", more), call("sale")).kind).to.equal(expected));

  it("is total over what is no object", () => {
    for (const value of [null, undefined, 0, "succeeded", true, [], {}])
      expect(judgeStripeIntent(value, call("sale")).kind).to.equal("unknown");
  });

  it("keeps the raw code of a decline", () =>
    expect(judgeStripeIntent(intent("requires_payment_method", declined), call("sale"))).to.deep.equal({
      kind: "declined",
      reference: "pi_1",
      failure: {
        code: "insufficient_funds",
        retryable: true,
        customerAction: "try_another_card",
        gatewayCode: "insufficient_funds",
      },
    }));
});

const namesOf = (kind: OperationKind, status: string) => {
  const observed = judgeStripeIntent(intent(status), call(kind));
  return "reference" in observed ? observed.reference : undefined;
};

describe("the reference in Stripe's answers", () => {
  const cases: ReadonlyArray<readonly [kind: OperationKind, status: string, expected: string | null]> = [
    ["authorize", "requires_capture", "pi_1"],
    ["sale", "succeeded", "pi_1"],
    ["sale", "processing", "pi_1"],
    ["capture", "succeeded", null],
    ["capture", "requires_capture", null],
    ["capture", "processing", null],
    ["void", "canceled", null],
    ["void", "succeeded", null],
  ];
  for (const [kind, status, expected] of cases)
    it(`of a ${kind} that is ${status} is ${expected}`, () => expect(namesOf(kind, status)).to.equal(expected));
});

const refund = (status: unknown, more: object = {}) => ({
  id: "re_1",
  object: "refund",
  status,
  amount: 1000,
  currency: "eur",
  payment_intent: "pi_1",
  metadata: { operation_id: "op_1", payment_id: "pay_1", refund_id: "ref_1" },
  ...more,
});

const REFUNDS: ReadonlyArray<readonly [status: unknown, expected: Kind, more?: object]> = [
  ["pending", "processing"],
  ["requires_action", "processing"],
  ["succeeded", "refunded"],
  ["failed", "declined"],
  ["canceled", "declined"],
  [null, "undecided"],
  ["Succeeded", "unknown"],
  ["reversed", "unknown"],
  ["toString", "unknown"],
  ["__proto__", "unknown"],
  ["", "unknown"],
  [undefined, "unknown"],
  [1, "unknown"],
  [{}, "unknown"],
  ["succeeded", "conflicted", { amount: 999 }],
  ["succeeded", "conflicted", { amount: "1000" }],
  ["succeeded", "conflicted", { currency: "usd" }],
  ["succeeded", "conflicted", { currency: null }],
  ["succeeded", "conflicted", { payment_intent: "pi_2" }],
  ["succeeded", "conflicted", { payment_intent: null }],
  ["succeeded", "conflicted", { metadata: { operation_id: "op_2", payment_id: "pay_1" } }],
  ["succeeded", "conflicted", { metadata: { operation_id: "op_1", payment_id: "pay_2" } }],
  ["succeeded", "conflicted", { metadata: null }],
  ["failed", "conflicted", { amount: 1 }],
  ["succeeded", "unknown", { id: null }],
  ["succeeded", "unknown", { object: "payment_intent" }],
];

describe("Stripe Refund status", () => {
  for (const [status, expected, more] of REFUNDS)
    it(`${JSON.stringify(status)}${more ? ` with ${JSON.stringify(more)}` : ""} -> ${expected}`, () =>
      expect(judgeStripeRefund(refund(status, more), call("refund")).kind).to.equal(expected));

  const reasons: ReadonlyArray<readonly [status: string, reason: unknown, expected: string]> = [
    ["failed", "lost_or_stolen_card", "card_closed"],
    ["failed", "expired_or_canceled_card", "card_closed"],
    ["failed", "charge_for_pending_refund_disputed", "disputed"],
    ["failed", "insufficient_funds", "gateway_balance_too_low"],
    ["failed", "merchant_request", "canceled"],
    ["failed", "declined", "refund_declined"],
    ["failed", "unknown", "refund_declined"],
    ["failed", "invented_tomorrow", "refund_declined"],
    ["failed", null, "refund_declined"],
    ["failed", undefined, "refund_declined"],
    ["failed", 7, "refund_declined"],
    ["canceled", undefined, "canceled"],
  ];
  for (const [status, reason, expected] of reasons)
    it(`${status} for ${JSON.stringify(reason)} -> ${expected}`, () => {
      const observed = judgeStripeRefund(refund(status, { failure_reason: reason }), call("refund"));
      expect(observed).to.deep.include({ kind: "declined", reference: "re_1" });
      expect(observed.kind === "declined" && observed.failure.code).to.equal(expected);
    });

  it("is total over what is no object", () => {
    for (const value of [null, undefined, 0, "succeeded", true, [], {}])
      expect(judgeStripeRefund(value, call("refund")).kind).to.equal("unknown");
  });
});
