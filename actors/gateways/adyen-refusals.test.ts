import { expect } from "chai";
import { adyenLaterRefusal, adyenRefusal } from "./adyen-refusals.ts";
import { adyenFailure } from "./failures.ts";

describe("Adyen refusals in words", () => {
  const cases: ReadonlyArray<readonly [reason: unknown, code: string, gatewayCode: string | null]> = [
    ["Not enough balance", "insufficient_funds", "12"],
    ["NOT ENOUGH BALANCE", "insufficient_funds", "12"],
    ["Expired Card", "expired_card", "6"],
    ["FRAUD", "suspected_fraud", "20"],
    ["CVC Declined", "incorrect_card_details", "24"],
    ["Issuer Unavailable", "issuer_unavailable", "9"],
    ["Refused", "generic_decline", "2"],
    ["Invented tomorrow", "generic_decline", "Invented tomorrow"],
    ["toString", "generic_decline", "toString"],
    ["a\u0000\nb", "generic_decline", "a??b"],
    ["", "generic_decline", null],
    [undefined, "generic_decline", null],
    [null, "generic_decline", null],
    [{}, "generic_decline", null],
  ];
  for (const [reason, code, gatewayCode] of cases)
    it(`${JSON.stringify(reason)} -> ${code}, ${gatewayCode}`, () =>
      expect(adyenRefusal({ reason })).to.deep.include({ code, gatewayCode }));

  it("mean what the code of the API's answer means", () =>
    expect(adyenRefusal({ reason: "Not enough balance" })).to.deep.equal(adyenFailure("12")));
  it("are cut, for they are stored and shown", () =>
    expect(adyenRefusal({ reason: "x".repeat(5_000) }).gatewayCode).to.have.length(60));
  it("of a later operation keep the words under a code of ours", () =>
    expect(adyenLaterRefusal("refund_declined")({ reason: "Insufficient balance" })).to.deep.include({
      code: "refund_declined",
      gatewayCode: "Insufficient balance",
    }));
});
