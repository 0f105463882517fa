import { expect } from "chai";
import { OUTCOME } from "./load-terms.ts";
import { noticeFaults } from "./notices.ts";

const NONE = new Map<string, number>();
const { accepted, refused, sent, none } = OUTCOME;

describe("the audit of notices", () => {
  it("finds nothing when each acknowledged one has a row that is decided", () => {
    const outcomes = Uint8Array.of(accepted, accepted, accepted, none);
    const after = new Map([
      ["processed, applied", 1],
      ["processed, no_change", 9],
    ]);
    expect(noticeFaults(new Map([["processed, no_change", 7]]), after, outcomes)).to.deep.equal([]);
  });
  it("lets one that was refused, or not answered, have a row or not", () => {
    const outcomes = Uint8Array.of(accepted, refused, sent);
    for (const rows of [1, 2, 3])
      expect(noticeFaults(NONE, new Map([["processed, applied", rows]]), outcomes), `${rows}`).to.deep.equal([]);
  });

  const wrong: readonly (readonly [string, number, string])[] = [
    ["processed, applied", 1, "2 of 2 notices acknowledged, 1 in the inbox"],
    ["processed, applied", 3, "2 of 2 notices acknowledged, 3 in the inbox"],
    ["processed, conflicted", 2, "2 notices: processed, conflicted"],
    ["received, operation_busy", 2, "2 notices: received, operation_busy"],
    ["parked, unknown_payment", 2, "2 notices: parked, unknown_payment"],
    ["quarantined, not_ours", 2, "2 notices: quarantined, not_ours"],
  ];
  for (const [what, n, fault] of wrong)
    it(`sees ${n} ${what}`, () =>
      expect(noticeFaults(NONE, new Map([[what, n]]), Uint8Array.of(accepted, accepted))).to.deep.equal([fault]));

  it("sees a discrepancy", () => {
    const after = new Map([
      ["processed, applied", 1],
      ["discrepancy D05", 1],
    ]);
    expect(noticeFaults(NONE, after, Uint8Array.of(accepted))).to.deep.equal(["1 notices: discrepancy D05"]);
  });
});
