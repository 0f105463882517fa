import { expect } from "chai";
import type { OperationId, OperationKind, PaymentId } from "../domain/index.ts";
import type { GatewayObservation } from "../ports/gateway.ts";
import { judgeAdyenModification, judgeAdyenPayment } from "./adyen-status.ts";

const call = (kind: OperationKind) => ({
  kind,
  operationId: "op_1" as OperationId,
  paymentId: "pay_1" as PaymentId,
  amountMinor: 1000n,
  currency: "EUR",
  gatewayReference: "PSP1",
});
type Kind = GatewayObservation["kind"];

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
});

const received = (more: object = {}) => ({
  status: "received",
  pspReference: "M1",
  paymentPspReference: "PSP1",
  reference: "op_1",
  merchantAccount: "acct_1",
  amount: { value: 1000, currency: "EUR" },
  ...more,
});

const MODIFICATIONS: ReadonlyArray<readonly [more: object, kind: OperationKind, expected: Kind]> = [
  [{}, "capture", "processing"],
  [{}, "refund", "processing"],
  [{ amount: undefined }, "void", "processing"],
  [{ reference: undefined, paymentPspReference: undefined, amount: undefined }, "refund", "processing"],
  [{ paymentPspReference: undefined, paymentReference: "op_1" }, "authorize", "processing"],
  [{ pspReference: undefined }, "capture", "unknown"],
  [{ pspReference: 7 }, "void", "unknown"],
  [{ reference: "op_2" }, "capture", "unknown"],
  [{ reference: "op_2" }, "authorize", "unknown"],
  [{ paymentPspReference: "PSP2" }, "refund", "unknown"],
  [{ amount: { value: 999, currency: "EUR" } }, "capture", "unknown"],
  [{ amount: { value: 1000, currency: "USD" } }, "refund", "unknown"],
  [{ amount: null }, "refund", "unknown"],
  ...["done", "Received", "accepted", "toString", "", null, undefined, 7, {}].map(
    (status) => [{ status }, "refund", "unknown"] as const,
  ),
];

describe("Adyen's answer to a modification", () => {
  for (const [more, kind, expected] of MODIFICATIONS)
    it(`${JSON.stringify(more, (_, value: unknown) => value ?? String(value))} for ${kind} -> ${expected}`, () =>
      expect(judgeAdyenModification(received(more), call(kind)).kind).to.equal(expected));

  for (const kind of ["capture", "void", "refund"] as const)
    it(`never takes \`received\` for a success of a ${kind}, and keeps the modification's own reference`, () =>
      expect(judgeAdyenModification(received(), call(kind))).to.deep.equal({ kind: "processing", reference: "M1" }));

  it("leaves the payment its reference when a technical cancel is received", () => {
    const cancel = received({ paymentPspReference: undefined, amount: undefined });
    expect(judgeAdyenModification(cancel, { ...call("sale"), gatewayReference: null })).to.deep.equal({
      kind: "processing",
      reference: null,
    });
  });

  it("is total over what is no object", () => {
    for (const value of [null, undefined, 0, "received", true, [], {}])
      expect(judgeAdyenModification(value, call("void")).kind).to.equal("unknown");
  });
});
