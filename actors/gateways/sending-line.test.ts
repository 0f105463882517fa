import { expect } from "chai";
import fc from "fast-check";
import { SendingLine } from "./sending-line.ts";

describe("line before a gateway's sockets", () => {
  const make = (slots: number, waitingMax: number) => {
    const begun: number[] = [];
    return { begun, line: new SendingLine<number>(slots, waitingMax, (item) => void begun.push(item)) };
  };

  it("begins in order, as many as there are slots, and refuses what is beyond its end", () => {
    const { begun, line } = make(2, 2);
    expect([1, 2, 3, 4, 5].map((item) => line.enter(item))).to.deep.equal([true, true, true, true, false]);
    expect(begun).to.deep.equal([1, 2]);
    line.ended(2);
    expect(begun).to.deep.equal([1, 2, 3]);
    expect(line.enter(6)).to.equal(true);
  });

  it("never begins what was withdrawn, and begins the next in its place", () => {
    const { begun, line } = make(1, 2);
    for (const item of [1, 2, 3]) line.enter(item);
    line.withdraw(2);
    line.withdraw(1); // has begun: it keeps its slot
    expect(begun).to.deep.equal([1]);
    expect(line.enter(4)).to.equal(true);
    line.ended(1);
    expect(begun).to.deep.equal([1, 3]);
    expect(line.clear()).to.deep.equal([4]);
    line.ended(3);
    expect(begun).to.deep.equal([1, 3]);
  });

  it("frees a slot once, however often an item ends", () =>
    fc.assert(
      fc.property(fc.array(fc.nat(5)), (ending) => {
        const { begun, line } = make(2, 100);
        for (let item = 0; item < 6; item++) line.enter(item);
        for (const item of ending) line.ended(item);
        const ended = new Set(ending);
        expect(begun.filter((item) => !ended.has(item)).length).to.be.at.most(2);
        expect(new Set(begun).size).to.equal(begun.length);
      }),
    ));
});
