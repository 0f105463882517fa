import { expect } from "chai";
import fc from "fast-check";
import { BodyBudget } from "./body-budget.ts";

describe("budget of bodies", () => {
  it("gives no more than it has, and takes nothing when it refuses", () =>
    fc.assert(
      fc.property(fc.array(fc.nat(100)), (sizes) => {
        const budget = new BodyBudget(250);
        const taken = sizes.filter((size) => budget.take(size));
        expect(budget.leftBytes).to.equal(250 - taken.reduce((sum, size) => sum + size, 0));
        expect(budget.leftBytes).to.be.at.least(0);
        for (const size of taken) budget.give(size);
        expect(budget.leftBytes).to.equal(250);
      }),
    ));
});
