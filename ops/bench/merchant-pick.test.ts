import { expect } from "chai";
import fc from "fast-check";
import { pickerOf, uniform, zipf, zipfExponent } from "./merchant-pick.ts";
import type { PickMerchant } from "./merchant-pick.ts";

const DRAWS = 200_000;
/** Share of each merchant in the first requests. */
function sharesOf(pick: PickMerchant, count: number): readonly number[] {
  const hits = new Float64Array(count);
  for (let k = 0; k < DRAWS; k++) {
    const merchant = pick(k);
    hits[merchant] = (hits[merchant] as number) + 1;
  }
  return [...hits].map((n) => n / DRAWS);
}

describe("merchant pick", () => {
  it("spreads requests over all merchants alike", () => {
    const shares = sharesOf(uniform(100, 1), 100);
    expect(Math.min(...shares)).to.be.above(0.008);
    expect(Math.max(...shares)).to.be.below(0.012);
  });

  for (const [count, firstShare] of [
    [1000, 0.2],
    [10, 0.5],
    [5, 0.2],
  ] as const)
    it(`gives the first of ${count} merchants ${firstShare * 100} % by a Zipf law`, () => {
      const shares = sharesOf(zipf(count, firstShare, 1), count);
      const exponent = zipfExponent(count, firstShare);
      expect(shares[0]).to.be.closeTo(firstShare, 0.005);
      for (const i of [2, 3, 5, 8].filter((rank) => rank <= count))
        expect(shares[i - 1], `rank ${i}`).to.be.closeTo(firstShare * i ** -exponent, 0.005);
    });

  it("lets every merchant have something", () =>
    expect(Math.min(...sharesOf(zipf(1000, 0.2, 1), 1000))).to.be.above(0));

  it("always names a merchant that there is, and the same for the same number", () =>
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 300 }), fc.nat(), fc.nat(1000), (count, k, seed) => {
        const pick = pickerOf({ kind: "zipf", firstShare: 0.2 }, count, seed);
        expect(pick(k)).to.be.within(0, count - 1);
        expect(pick(k)).to.equal(pick(k));
      }),
    ));

  it("refuses a share that no Zipf law gives", () => {
    expect(() => zipf(4, 0.2, 1)).to.throw("first of 4 merchants 20 %");
    expect(() => zipf(10, 1, 1)).to.throw("100 %");
  });

  it("has nobody but the only merchant", () => expect(uniform(1, 1)(12_345)).to.equal(0));
});
