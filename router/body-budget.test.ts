import { expect } from "chai";
import fc from "fast-check";
import { BodyBudget } from "./body-budget.ts";

describe("budget of bodies", () => {
  it("gives no more than it has, to none more than its share, and takes nothing when it refuses", () =>
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.nat(60))), (asked) => {
        const budget = new BodyBudget(250, 100);
        const taken = asked.filter(([address, size]) => budget.of(address).take(size));
        const sumOf = (address?: string): number =>
          taken.reduce((sum, [of, size]) => sum + (address === undefined || of === address ? size : 0), 0);
        expect(budget.leftBytes).to.equal(250 - sumOf());
        for (const address of ["a", "b", "c"]) expect(sumOf(address)).to.be.at.most(100);
        for (const [address, size] of taken) budget.of(address).give(size);
        expect(budget.leftBytes).to.equal(250);
        expect(budget.of("a").take(100), "what was given back can be taken again").to.equal(true);
      }),
    ));
});
