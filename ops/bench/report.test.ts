import { expect } from "chai";
import { ratioTo, renderTable, spreadOf } from "./report.ts";

describe("report", () => {
  it("gives median and ends", () => {
    expect(spreadOf([3, 1, 2])).to.deep.equal({ median: 2, min: 1, max: 3 });
    expect(spreadOf([4, 1, 2, 3])).to.deep.equal({ median: 2.5, min: 1, max: 4 });
    expect(spreadOf([])).to.equal(null);
  });

  it("divides by the median, and by the best and the worst round for the range", () =>
    expect(ratioTo(8000, [1000, 2000, 1600])).to.deep.equal({ median: 5, min: 4, max: 8 }));

  it("has no ratio without a held rate or a yardstick", () => {
    expect(ratioTo(null, [1])).to.equal(null);
    expect(ratioTo(1, [])).to.equal(null);
  });

  it("lines columns up", () =>
    expect(
      renderTable(
        ["a", "n", "z"],
        [
          ["long", "1", "x"],
          ["b", "200", ""],
        ],
      ),
    ).to.deep.equal(["a       n  z", "----  ---  -", "long    1  x", "b     200"]));
});
