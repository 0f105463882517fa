import { expect } from "chai";
import fc from "fast-check";
import { DueList } from "./due-list.ts";

describe("a list by due time", () => {
  it("gives what is due by time, then by arrival, and nothing before", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { maxLength: 60 }), fc.nat(20), (times, nowMs) => {
        const list = new DueList<{ readonly dueAt: number; readonly nth: number }>();
        const all = times.map((dueAt, nth) => ({ dueAt, nth }));
        for (const item of all) list.add(item);
        const taken = [];
        for (let item = list.takeDue(nowMs); item !== undefined; item = list.takeDue(nowMs)) taken.push(item);
        expect(taken).to.deep.equal(
          all.filter(({ dueAt }) => dueAt <= nowMs).toSorted((a, b) => a.dueAt - b.dueAt || a.nth - b.nth),
        );
        expect(list.size).to.equal(all.length - taken.length);
      }),
      { seed: 4 },
    );
  });

  it("stays right when thousands have gone", () => {
    const list = new DueList<{ readonly dueAt: number }>();
    for (let n = 0; n < 5_000; n++) list.add({ dueAt: n });
    for (let n = 0; n < 4_000; n++) expect(list.takeDue(10_000)?.dueAt).to.equal(n);
    list.add({ dueAt: 1 });
    expect(list.first?.dueAt).to.equal(1);
    expect(list.size).to.equal(1_001);
  });
});
