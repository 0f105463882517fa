import { expect } from "chai";
import fc from "fast-check";
import { searchRate, STANDARD_SEARCH } from "./step-search.ts";

/** A server that holds `probeKnee` for a short time and `fullKnee` for long. */
const server = (probeKnee: number, fullKnee: number) => {
  const tried: string[] = [];
  return {
    tried,
    tryRate: async (rate: number, length: "probe" | "full"): Promise<boolean> => {
      tried.push(`${length} ${rate}`);
      return rate <= (length === "probe" ? probeKnee : fullKnee);
    },
  };
};

describe("searchRate", () => {
  it("finds the largest rate of the grid that holds, wherever the knee is", () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 600, max: 30_000 }), async (knee) => {
        const rate = await searchRate(STANDARD_SEARCH, server(knee, knee).tryRate);
        expect(rate).to.be.at.most(knee);
        expect((rate ?? 0) * 1.1).to.be.above(knee - 1);
      }),
    ));

  it("goes down when the short look was too kind", async () => {
    const { tried, tryRate } = server(7300, 6700);
    expect(await searchRate(STANDARD_SEARCH, tryRate)).to.equal(6600);
    expect(tried).to.deep.equal(["probe 6000", "probe 6600", "probe 7260", "probe 7986", "full 7260", "full 6600"]);
  });

  it("gives up after so many full measurements", async () =>
    expect(await searchRate({ ...STANDARD_SEARCH, confirmMax: 2 }, server(9000, 1000).tryRate)).to.equal(null));

  it("ends when nothing holds, and when everything does", async () => {
    expect(await searchRate(STANDARD_SEARCH, server(0, 0).tryRate)).to.equal(null);
    expect(await searchRate(STANDARD_SEARCH, server(1e9, 1e9).tryRate)).to.be.above(36_000);
  });
});
