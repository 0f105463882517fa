import { expect } from "chai";
import fc from "fast-check";
import { CallRate } from "./call-rate.ts";

const takeAll = (rate: CallRate, nowMs: number): number => {
  let taken = 0;
  while (rate.take(nowMs)) taken++;
  return taken;
};

describe("call rate", () => {
  it("gives its rate and one small burst, in any stretch of time", () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.array(fc.nat(700), { minLength: 1, maxLength: 60 }),
        (perSecond, gaps) => {
          const rate = new CallRate(perSecond, 0);
          const burst = Math.max(1, perSecond / 20);
          let nowMs = 0;
          const taken = gaps.map((gap) => ({ atMs: (nowMs += gap), count: takeAll(rate, nowMs) }));
          for (const [from, first] of taken.entries()) {
            let count = 0;
            for (const { atMs, count: more } of taken.slice(from)) {
              count += more;
              expect(count).to.be.at.most(burst + (perSecond * (atMs - first.atMs)) / 1_000 + 1e-6);
            }
          }
        },
      ),
    ));

  it("loses nothing to timers that are a little late, and says when the next call may go", () => {
    const rate = new CallRate(100, 0);
    let taken = 0;
    for (let nowMs = 0; nowMs < 10_000; nowMs += 37) taken += takeAll(rate, nowMs);
    expect(taken).to.be.within(995, 1_005);
    expect(rate.waitMs(9_990)).to.be.within(0, 10);
    expect(rate.take(9_990.1 + rate.waitMs(9_990))).to.equal(true);
    expect(rate.take(9_990.1 + rate.waitMs(9_990))).to.equal(false);
  });

  it("falls when the gateway says that it is too much, once a second, and comes back by and by", () => {
    const rate = new CallRate(100, 0);
    expect([rate.cut(1_000), rate.cut(1_500), rate.cut(1_999)]).to.deep.equal([true, false, false]);
    expect(rate.perSecond(1_000)).to.be.closeTo(70 + 5, 1); // a second has passed for the last refusal
    for (let nowMs = 2_000; nowMs < 30_000; nowMs += 1_000) rate.cut(nowMs);
    expect(rate.perSecond(29_000), "it never stops").to.be.within(10, 16);
    expect(rate.perSecond(34_000)).to.be.within(35, 41);
    expect(rate.perSecond(60_000)).to.equal(100);
  });
});
