import { expect } from "chai";
import { adyenFailure, stripeFailure } from "./failures.ts";

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
});
