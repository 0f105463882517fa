import { expect } from "chai";
import fc from "fast-check";
import { FRESH_ONLY, isKept, KIND, KINDS, kindOf, postNumber, READS_MIX, STANDARD_MIX } from "./mix.ts";
import type { Mix } from "./mix.ts";

function countKinds(mix: Mix, total: number) {
  const count = { fresh: 0, replay: 0, conflict: 0, refund: 0, read: 0, kept: 0 };
  for (let k = 0; k < total; k++) {
    const kind = kindOf(k, mix);
    count[kind]++;
    if (kind === "fresh" && isKept(k, mix)) count.kept++;
  }
  return count;
}

describe("mix", () => {
  it("has the shares of replays and conflicts that were asked for, and keeps enough answers for them", () => {
    const count = countKinds(STANDARD_MIX, 100_000);
    expect(count).to.include({ replay: 2000, conflict: 200, refund: 0, read: 0 });
    expect(count.kept).to.be.at.least(2200);
  });

  it("has seven reads in ten, and among the POSTs the same shares and 1 % refunds", () => {
    const count = countKinds(READS_MIX, 100_000);
    expect(count).to.include({ read: 70_000, replay: 600, conflict: 60, refund: 300 });
    expect(count.fresh).to.equal(29_040);
    expect(count.kept).to.be.at.least(660);
  });

  it("has fresh requests only when no other kind is asked for", () =>
    expect(countKinds(FRESH_ONLY, 2000)).to.include({ fresh: 2000, kept: 0 }));

  it("numbers the POSTs without a gap, whatever the share of reads, and spreads them evenly", () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9 }), fc.nat(1_000_000), (readsInTen, from) => {
        const mix = { ...FRESH_ONLY, readsInTen };
        const posts = Array.from({ length: 100 }, (_, i) => postNumber(from + i, mix)).filter((n) => n >= 0);
        expect(posts).to.have.length(100 - readsInTen * 10);
        for (const [i, n] of posts.entries()) expect(n).to.equal((posts[0] as number) + i);
      }),
    ));

  it("names each kind by its position", () =>
    expect(KINDS.map((kind) => KIND[kind])).to.deep.equal(KINDS.map((_, i) => i)));
});
