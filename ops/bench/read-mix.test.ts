import { expect } from "chai";
import { READ_KINDS, readOf } from "./read-mix.ts";
import type { ReadTarget } from "./read-mix.ts";

const DRAWS = 100_000;

function sharesOf(hasTarget: (target: ReadTarget) => boolean): Readonly<Record<string, number>> {
  const hits = READ_KINDS.map(() => 0);
  for (let k = 0; k < DRAWS; k++) {
    const read = readOf(k, hasTarget);
    hits[read] = (hits[read] as number) + 1;
  }
  return Object.fromEntries(READ_KINDS.map(({ name }, i) => [name, ((hits[i] as number) * 100) / DRAWS]));
}

describe("read mix", () => {
  it("has shares that make up the whole", () =>
    expect(READ_KINDS.reduce((sum, { share }) => sum + share, 0)).to.equal(100));

  it("draws each read as often as its share says", () => {
    const shares = sharesOf(() => true);
    for (const { name, share } of READ_KINDS) expect(shares[name], name).to.be.closeTo(share, 0.5);
  });

  it("lists payments while there is none of the kind that a read is about", () => {
    const shares = sharesOf((target) => target === "none");
    expect(shares).to.include({ "payment, recent": 0, "payment, older": 0, refunds: 0, "payment events": 0 });
    expect(shares["payments"]).to.be.closeTo(90, 0.5);
    expect(sharesOf((target) => target !== "refunded")["refunds"]).to.equal(0);
  });

  it("names the payment in the path of every read that is about one, and only there", () => {
    for (const { name, target, path } of READ_KINDS) expect(path.includes("{id}"), name).to.equal(target !== "none");
  });
});
