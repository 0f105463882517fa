import { expect } from "chai";
import type { OperationId, OperationKind, PaymentId } from "../domain/index.ts";
import type { GatewayObservation } from "../ports/gateway.ts";
import { judgeAdyenModification, judgeAdyenPayment, judgeStripeIntent } from "./status-tables.ts";

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
  metadata: { operation_id: "op_1", payment_id: "pay_1" },
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
  ["succeeded", "authorize", "captured"],
  ["succeeded", "sale", "conflicted", { amount_received: 1001 }],
  ["succeeded", "void", "declined"],
  ["canceled", "void", "voided"],
  ["canceled", "authorize", "voided"],
  ["canceled", "sale", "voided"],
  ["canceled", "capture", "unknown"],
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

const payment = (resultCode: unknown, more: object = {}) => ({
  resultCode,
  pspReference: "PSP1",
  merchantReference: "op_1",
  amount: { value: 1000, currency: "EUR" },
  ...more,
});

const ADYEN: ReadonlyArray<readonly [resultCode: unknown, kind: OperationKind, expected: Kind, more?: object]> = [
  ["Authorised", "authorize", "authorized"],
  ["Authorised", "sale", "captured"],
  ["Authorised", "sale", "conflicted", { amount: { value: 999, currency: "EUR" } }],
  ["Authorised", "sale", "conflicted", { amount: { value: 1000, currency: "USD" } }],
  ["Authorised", "sale", "conflicted", { merchantReference: "op_2" }],
  ["Authorised", "sale", "unknown", { merchantReference: undefined }],
  ["Authorised", "sale", "unknown", { amount: undefined }],
  ["Authorised", "sale", "unknown", { pspReference: undefined }],
  ["PartiallyAuthorised", "authorize", "conflicted"],
  ["Refused", "authorize", "declined", { refusalReasonCode: "12" }],
  ["Refused", "authorize", "conflicted", { merchantReference: "op_2" }],
  ["Error", "sale", "declined"],
  ["Cancelled", "sale", "voided"],
  ["Received", "sale", "processing"],
  ["Pending", "sale", "processing"],
  ["RedirectShopper", "sale", "processing"],
  ["IdentifyShopper", "sale", "processing"],
  ["ChallengeShopper", "sale", "processing"],
  ["PresentToShopper", "sale", "processing"],
  ["AuthenticationFinished", "sale", "unknown"],
  ["AuthenticationNotRequired", "sale", "unknown"],
  ["Success", "sale", "unknown"],
  ["authorised", "sale", "unknown"],
  ["NewInNextVersion", "sale", "unknown"],
  ["constructor", "sale", "unknown"],
  ["", "sale", "unknown"],
  [null, "sale", "unknown"],
  [undefined, "sale", "unknown"],
  [1, "sale", "unknown"],
];

describe("Adyen resultCode", () => {
  for (const [code, kind, expected, more] of ADYEN)
    it(`${JSON.stringify(code)} for ${kind}${more ? ` with ${JSON.stringify(more)}` : ""} -> ${expected}`, () =>
      expect(judgeAdyenPayment(payment(code, more), call(kind)).kind).to.equal(expected));

  it("is total over what is no object", () => {
    for (const value of [null, undefined, 0, "Authorised", true, [], {}])
      expect(judgeAdyenPayment(value, call("sale")).kind).to.equal("unknown");
  });

  it("never takes `received` for a success", () => {
    expect(judgeAdyenModification({ status: "received", pspReference: "M1" }, call("void"))).to.deep.equal({
      kind: "processing",
      reference: "pi_1",
    });
    for (const status of ["done", "", null, undefined, 7])
      expect(judgeAdyenModification({ status }, call("void")).kind).to.equal("unknown");
  });
});
