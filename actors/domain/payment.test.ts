import { expect } from "chai";
import fc from "fast-check";
import { FACT_KINDS, type FactKind, NEXT_STATUS, nextStatus, PAYMENT_STATUSES, type PaymentStatus } from "./payment.ts";

const cases: ReadonlyArray<readonly [PaymentStatus, FactKind, PaymentStatus | "refused"]> = [
  ["created", "accepted", "pending"],
  ["created", "captured", "refused"], // no intent, no charge
  ["pending", "accepted", "refused"],
  ["pending", "gatewayPrepared", "pending"],
  ["pending", "outcomeUnknown", "pending"],
  ["pending", "deadlinePassed", "pending"], // a timer alone never ends a payment
  ["pending", "authorized", "authorized"],
  ["pending", "captured", "captured"],
  ["pending", "declined", "failed"],
  ["pending", "notSubmitted", "failed"],
  ["pending", "voided", "canceled"],
  ["authorized", "captured", "captured"],
  ["authorized", "voided", "canceled"],
  ["authorized", "authorizationExpired", "expired"],
  ["authorized", "declined", "refused"],
  ["authorized", "captureRequested", "authorized"], // the status stays while it runs
  ["authorized", "captureFailed", "authorized"], // a refused capture leaves the authorization
  ["authorized", "voidRequested", "authorized"],
  ["authorized", "refundRequested", "refused"], // nothing was taken
  ["authorized", "cancelRequested", "refused"], // that is a void
  ["captured", "cancelRequested", "captured"], // of our own making: a late success is given back
  ["captured", "cancelSettled", "canceled"], // and was
  ["captured", "captureReversed", "captured"],
  ["captured", "disputeHeld", "captured"],
  ["authorized", "disputeHeld", "refused"], // nothing was taken that could be disputed
  ["failed", "refundReversed", "refused"],
  ["pending", "cancelRequested", "pending"],
  ["pending", "captureRequested", "refused"],
  ["captured", "refundRequested", "captured"],
  ["captured", "refunded", "captured"], // an amount, not a status
  ["captured", "captureRequested", "refused"],
  ["captured", "voidRequested", "refused"],
  ["failed", "refundRequested", "refused"],
  ["failed", "cancelSettled", "failed"],
  ["captured", "voided", "refused"], // captured money is refunded, never voided
  ["captured", "declined", "refused"],
  ["failed", "lateCaptured", "captured"],
  ["failed", "captured", "refused"],
  ["canceled", "lateAuthorized", "authorized"],
  ["expired", "lateCaptured", "captured"],
];

describe("payment statuses", () => {
  for (const [from, fact, expected] of cases)
    it(`${from} + ${fact} -> ${expected}`, () => expect(nextStatus(from, fact) ?? "refused").to.equal(expected));

  const end = fc.constantFrom<PaymentStatus>("failed", "canceled", "expired");
  it("leave an end only by a late success", () =>
    fc.assert(
      fc.property(end, fc.constantFrom(...FACT_KINDS), (from, fact) => {
        const to = nextStatus(from, fact);
        expect(to !== undefined && to !== from).to.equal(fact.startsWith("late"));
      }),
    ));

  it("are all reachable from created", () => {
    const seen = new Set<PaymentStatus>(["created"]);
    for (const from of seen) for (const to of Object.values(NEXT_STATUS[from])) seen.add(to);
    expect([...seen].sort()).to.deep.equal([...PAYMENT_STATUSES].sort());
  });
});
