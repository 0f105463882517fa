import { expect } from "chai";
import fc from "fast-check";
import { SecondCounts } from "./second-counts.ts";

describe("counts by the second", () => {
  it("are the sums of the seconds asked for, however they came", () =>
    fc.assert(
      fc.property(fc.array(fc.nat(70_000), { maxLength: 60 }), fc.integer({ min: 1, max: 61 }), (gaps, seconds) => {
        const counts = new SecondCounts();
        const times: number[] = [];
        let nowMs = 0;
        for (const gap of gaps) {
          nowMs += gap;
          counts.add(nowMs);
          times.push(Math.floor(nowMs / 1_000));
        }
        const newest = Math.floor(nowMs / 1_000);
        const inside = times.filter((second) => second > newest - seconds);
        expect(counts.sum(nowMs, seconds)).to.equal(inside.length);
      }),
    ));

  it("are gone when cleared, and when their time is over", () => {
    const counts = new SecondCounts();
    counts.add(5_000);
    expect(counts.sum(65_999, 61)).to.equal(1);
    expect(counts.sum(66_000, 61)).to.equal(0);
    counts.clear();
    expect(counts.sum(5_000, 61)).to.equal(0);
  });
});
