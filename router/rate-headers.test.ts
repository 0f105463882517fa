import { expect } from "chai";
import { rateOf, ratePolicyOf } from "./rate-headers.ts";

describe("rate headers", () => {
  it("name the quota of a second", () => {
    expect(ratePolicyOf(100)).to.equal('"merchant";q=100;w=1');
    expect(ratePolicyOf(100)).to.equal(ratePolicyOf(100));
    for (let limit = 1; limit < 3_000; limit++) expect(ratePolicyOf(limit)).to.equal(`"merchant";q=${limit};w=1`);
  });
  const cases: readonly (readonly [
    remaining: number,
    resetMs: number,
    retryAfterS: number | null,
    expected: string,
  ])[] = [
    [42, 0, null, '"merchant";r=42;t=1'],
    [0, 1_001, null, '"merchant";r=0;t=2'],
    [0, 300, 3, '"merchant";r=0;t=3'],
    [7, 300, 3, '"merchant";r=7;t=1'],
  ];
  for (const [remaining, resetMs, retryAfterS, expected] of cases)
    it(`${remaining} left: ${expected}`, () =>
      expect(rateOf({ limit: 100, remaining, resetMs }, retryAfterS)).to.equal(expected));
});
