import { expect } from "chai";
import fc from "fast-check";
import { KeyFilter } from "./key-filter.ts";

describe("key filter", () => {
  it("never calls a known key new", () =>
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 })), (keys) => {
        const filter = new KeyFilter(1_000);
        for (const key of keys) filter.add(key);
        filter.completed();
        for (const key of keys) expect(filter.isNew(key)).to.equal(false);
      }),
    ));

  it("calls nothing new before it is complete", () => {
    const filter = new KeyFilter(10);
    expect(filter.isNew("a")).to.equal(false);
    filter.completed();
    expect(filter.isNew("a")).to.equal(true);
  });

  it("sends fewer than one new key in a hundred to the database when it is full", () => {
    const filter = new KeyFilter(20_000);
    for (let n = 0; n < 20_000; n++) filter.add(`mer_${n % 7}\norder-${n}`);
    filter.completed();
    let perhaps = 0;
    for (let n = 0; n < 20_000; n++) if (!filter.isNew(`mer_${n % 7}\nnew-${n}`)) perhaps++;
    expect(perhaps).to.be.below(200);
  });

  it("retires when it is over-full, also when it was complete", () => {
    const filter = new KeyFilter(2);
    filter.completed();
    for (const key of ["a", "b", "c"]) filter.add(key);
    expect(filter.isNew("d")).to.equal(false);
    filter.completed();
    expect(filter.isNew("d")).to.equal(false);
  });
});
