import { expect } from "chai";
import fc from "fast-check";
import { aheadOfBudget, ArrivalLog, busiestSecond } from "./arrivals.ts";

const report = (total: number, ...newest: readonly number[]) => ({ total, newest: newest.map((at) => ({ at })) });

describe("arrivals", () => {
  it("finds the busiest second, whose end does not belong to it", () => {
    expect(busiestSecond([])).to.equal(0);
    expect(busiestSecond([0, 500, 999, 1_000])).to.equal(3);
    expect(busiestSecond([0, 5_000, 5_001, 5_999, 6_001])).to.equal(3);
  });

  const budget = { perSecond: 10, burst: 2 };
  it("finds nothing ahead of a budget that was kept, however late the calls were", () => {
    expect(aheadOfBudget([], 0, budget)).to.equal(0);
    expect(aheadOfBudget([0, 1, 100, 200, 300], 0, budget)).to.equal(0);
    expect(aheadOfBudget([9_000, 9_000, 9_000], 0, budget)).to.equal(0);
  });
  it("counts calls that came before their budget, at the worst moment", () => {
    expect(aheadOfBudget([0, 0, 0], 0, budget)).to.equal(1);
    expect(aheadOfBudget([0, 0, 0, 0, 10_000], 0, budget)).to.equal(2);
    expect(aheadOfBudget([1_000, 1_000, 1_000], 1_000, budget)).to.equal(1);
    expect(
      aheadOfBudget(
        Array.from({ length: 40 }, (_, i) => i * 50),
        0,
        budget,
      ),
    ).to.equal(19); // twice as fast
  });
  it("is never ahead when calls of a budget arrive later than they were made", () =>
    fc.assert(
      fc.property(fc.array(fc.nat(5_000), { maxLength: 100 }), (delaysMs) => {
        const arrivals = delaysMs.map((delayMs, i) => i * 100 + delayMs).sort((a, b) => a - b);
        return aheadOfBudget(arrivals, 0, { perSecond: 10, burst: 1 }) === 0;
      }),
      { seed: 12 },
    ));

  it("collects what is new in reports that overlap", () => {
    const log = new ArrivalLog(3);
    log.add(report(3, 1, 2, 3), 10);
    log.add(report(5, 1, 2, 3, 4, 5), 10);
    log.add(report(6, 4, 5, 6), 10);
    expect(log.all).to.deep.equal([4, 5, 6]);
  });
  it("counts what no report was left of", () => {
    const log = new ArrivalLog(0);
    log.add(report(4, 8, 9), 10);
    log.add(report(5), 11);
    expect(log.all).to.deep.equal([8, 8, 8, 9, 11]);
  });
});
