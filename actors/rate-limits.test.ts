import { expect } from "chai";
import fc from "fast-check";
import { mintId } from "./domain/index.ts";
import { RateLimits } from "./rate-limits.ts";

const merchant = mintId("mer", 0, 1_750_000_000_000, new Uint8Array(8));
const other = mintId("mer", 0, 1_750_000_000_000, Buffer.alloc(8, 1));

describe("rate limits", () => {
  it("refuse the 101st request in a second, whenever in it that comes, and say when to come again", () => {
    const limits = new RateLimits();
    for (let i = 0; i < 100; i++) expect(limits.take(merchant, 100, 5 * i).allowed, `request ${i + 1}`).to.equal(true);
    expect(limits.take(merchant, 100, 999)).to.deep.equal({
      allowed: false,
      rate: { limit: 100, remaining: 0, resetMs: 1 },
    });
    expect(limits.take(merchant, 100, 1_000).allowed).to.equal(true);
    expect(limits.take(other, 100, 999).allowed).to.equal(true);
  });

  it("never allow more than the limit in any window of a second, and never refuse below it", () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(fc.nat(150), { maxLength: 300 }), (limit, gaps) => {
        const limits = new RateLimits();
        const allowed: number[] = [];
        let atMs = 0;
        for (const gap of gaps) {
          atMs += gap;
          const inWindow = allowed.filter((at) => at > atMs - 1_000).length;
          const { allowed: isAllowed, rate } = limits.take(merchant, limit, atMs);
          expect(isAllowed).to.equal(inWindow < limit);
          expect(rate.remaining).to.equal(limit - Math.min(limit, inWindow + 1));
          if (isAllowed) allowed.push(atMs);
          else expect(allowed.filter((at) => at > atMs + rate.resetMs - 1_000).length).to.be.below(limit);
        }
      }),
    ));

  it("count what was served elsewhere without refusing it", () => {
    const limits = new RateLimits();
    for (let i = 0; i < 5; i++) expect(limits.take(merchant, 3, 0, true).allowed).to.equal(true);
    expect(limits.take(merchant, 3, 0).allowed).to.equal(false);
  });

  it("begin anew when the limit changes", () => {
    const limits = new RateLimits();
    expect(limits.take(merchant, 1, 0).allowed).to.equal(true);
    expect(limits.take(merchant, 1, 0).allowed).to.equal(false);
    expect(limits.take(merchant, 2, 0).allowed).to.equal(true);
  });
});
