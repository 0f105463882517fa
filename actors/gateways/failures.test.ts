import { expect } from "chai";
import { adyenFailure, stripeFailure, stripeRefundFailure, stripeRefusal } from "./failures.ts";

describe("decline codes", () => {
  const cases: ReadonlyArray<readonly [raw: unknown, stripe: string, adyen: string]> = [
    ["insufficient_funds", "insufficient_funds", "generic_decline"],
    ["stolen_card", "lost_or_stolen_card", "generic_decline"],
    ["12", "generic_decline", "insufficient_funds"],
    [12, "generic_decline", "insufficient_funds"],
    ["invented_tomorrow", "generic_decline", "generic_decline"],
    ["toString", "generic_decline", "generic_decline"],
    [null, "generic_decline", "generic_decline"],
    [undefined, "generic_decline", "generic_decline"],
    [{}, "generic_decline", "generic_decline"],
  ];
  for (const [raw, stripe, adyen] of cases)
    it(`${JSON.stringify(raw)} -> ${stripe}, ${adyen}`, () => {
      expect(stripeFailure(raw).code).to.equal(stripe);
      expect(adyenFailure(raw).code).to.equal(adyen);
    });

  it("are not retryable when they are not listed, and keep the raw code", () =>
    expect(stripeFailure("invented_tomorrow")).to.deep.equal({
      code: "generic_decline",
      retryable: false,
      customerAction: "try_another_card",
      gatewayCode: "invented_tomorrow",
    }));

  const later: ReadonlyArray<readonly [raw: unknown, refund: string, refusal: string]> = [
    ["lost_or_stolen_card", "card_closed", "invalid_gateway_request"],
    ["insufficient_funds", "gateway_balance_too_low", "invalid_gateway_request"],
    ["charge_expired_for_capture", "refund_declined", "authorization_expired"],
    ["charge_disputed", "refund_declined", "disputed"],
    ["amount_too_small", "refund_declined", "invalid_amount"],
    ["balance_insufficient", "refund_declined", "gateway_balance_too_low"],
    ["invented_tomorrow", "refund_declined", "invalid_gateway_request"],
    ["toString", "refund_declined", "invalid_gateway_request"],
    [null, "refund_declined", "invalid_gateway_request"],
    [undefined, "refund_declined", "invalid_gateway_request"],
    [{}, "refund_declined", "invalid_gateway_request"],
  ];
  for (const [raw, refund, refusal] of later)
    it(`${JSON.stringify(raw)} of a refund, of a refused request -> ${refund}, ${refusal}`, () => {
      expect(stripeRefundFailure(raw).code).to.equal(refund);
      expect(stripeRefusal(raw).code).to.equal(refusal);
    });

  it("are cut, for they are stored and shown", () =>
    expect(stripeFailure("x".repeat(5_000)).gatewayCode).to.have.length(60));
});
