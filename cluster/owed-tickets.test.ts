import { expect } from "chai";
import { OwedTickets } from "./owed-tickets.ts";

describe("owed tickets", () => {
  it("take no more than they may, and more once one is answered", () => {
    const owed = new OwedTickets(2);
    expect([owed.owe(1, "a"), owed.owe(2, "b"), owed.owe(3, "c")]).to.deep.equal([true, true, false]);
    owed.answered(1);
    expect(owed.owe(4, "d")).to.equal(true);
    expect(owed.takeAll()).to.deep.equal([
      [2, "b"],
      [4, "d"],
    ]);
  });

  it("are given out once", () => {
    const owed = new OwedTickets(2);
    owed.owe(1, "a");
    owed.takeAll();
    expect(owed.takeAll()).to.deep.equal([]);
    expect([owed.owe(2, "b"), owed.owe(3, "c")]).to.deep.equal([true, true]);
  });
});
