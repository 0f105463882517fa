import { expect } from "chai";
import fc from "fast-check";
import { bucketOf, bucketTop, Histogram } from "./histogram.ts";

const micros = fc.integer({ min: 0, max: 2 ** 31 - 1 });

describe("histogram", () => {
  it("puts a value into a bucket whose top is at most 1/128 above it", () =>
    fc.assert(
      fc.property(micros, (value) => {
        const top = bucketTop(bucketOf(value));
        expect(top).to.be.at.least(value);
        expect(top - value).to.be.at.most(value / 128);
      }),
    ));

  it("keeps the order of values", () =>
    fc.assert(
      fc.property(micros, micros, (a, b) => {
        if (a <= b) expect(bucketOf(a)).to.be.at.most(bucketOf(b));
        else expect(bucketOf(a)).to.be.at.least(bucketOf(b));
      }),
    ));

  it("has no gap between buckets", () => {
    for (let bucket = 0; bucket < 3000; bucket++) expect(bucketOf(bucketTop(bucket) + 1)).to.equal(bucket + 1);
  });

  it("gives the quantile of the sorted values, never below and at most 1/128 above", () =>
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 20_000_000 }), { minLength: 1, maxLength: 300 }),
        fc.constantFrom(0.5, 0.9, 0.99, 0.999, 1),
        (values, fraction) => {
          const histogram = new Histogram();
          for (const value of values) histogram.record(value);
          const sorted = values.toSorted((a, b) => a - b);
          const exact = sorted[Math.max(1, Math.ceil(values.length * fraction)) - 1] as number;
          expect(histogram.quantile(fraction)).to.be.at.least(exact);
          expect(histogram.quantile(fraction) - exact).to.be.at.most(exact / 128);
        },
      ),
    ));

  it("takes what is out of range to the nearest end", () => {
    const histogram = new Histogram();
    histogram.record(-5);
    histogram.record(1e12);
    expect(histogram.quantile(0.5)).to.equal(0);
    expect(histogram.quantiles()).to.include({ count: 2, maxUs: 2 ** 31 - 1 });
  });

  it("says 0 of nothing", () => expect(new Histogram().quantiles()).to.include({ count: 0, p99Us: 0, meanUs: 0 }));
});
