import { expect } from "chai";
import { lossOf, lossPercent, renderCompare, serverCpuUs, soundRounds } from "./compare-report.ts";
import type { CompareRound, CompareSide } from "./compare-report.ts";

const side = (achieved: number, more: Partial<CompareSide> = {}): CompareSide => ({
  achieved,
  cpuUs: { node: 100, postgres: 50, redis: 10, generator: 30, beside: 5 },
  wrong: 0,
  faults: [],
  ...more,
});
const rounds: readonly CompareRound[] = [
  { off: side(1000), on: side(950) },
  { off: side(1000), on: side(900) },
  { off: side(1000), on: side(940) },
];

describe("compare report", () => {
  it("gives the loss of each round in percent, and the middle of them", () => {
    expect(lossPercent(1000, 950)).to.be.closeTo(5, 1e-9);
    expect(lossPercent(1000, 1100)).to.be.closeTo(-10, 1e-9);
    expect(lossOf(rounds)?.median).to.be.closeTo(6, 1e-9);
    expect(lossOf(rounds)?.max).to.be.closeTo(10, 1e-9);
  });

  it("counts the server's CPU, Redis with it, and not the generator's", () =>
    expect(serverCpuUs(side(1))).to.equal(160));

  it("leaves rounds out in which one side's audit failed or an answer was wrong", () => {
    const faulty: readonly CompareRound[] = [
      ...rounds,
      { off: side(1000), on: side(10, { faults: ["the audit failed"] }) },
      { off: side(1000, { wrong: 2 }), on: side(10) },
    ];
    expect(soundRounds(faulty)).to.deep.equal(rounds);
    expect(lossOf(faulty)?.max).to.be.closeTo(10, 1e-9);
    const text = renderCompare({ shards: 1, rate: null, redis: "7", redisPid: 1, rounds: faulty }).join("\n");
    expect(text).to.contain("no: the audit failed").and.to.contain("no: 2 wrong answers");
    expect(text).to.match(/loss of rate +6\.0 % \(5\.0 to 10\.0\)/);
  });

  it("says what was offered", () => {
    const lines = (rate: number | null) =>
      renderCompare({ shards: 2, rate, redis: "7", redisPid: 1, rounds }).join("\n");
    expect(lines(null)).to.contain("2 shards, as many payments as each can do");
    expect(lines(4000)).to.contain("2 shards, 4000/s offered to both");
  });

  it("says that nothing counts, and that it does not see Redis's CPU", () => {
    const text = renderCompare({ shards: 1, rate: null, redis: "7", redisPid: null, rounds: [] }).join("\n");
    expect(text).to.contain("no round counts").and.to.contain("not in it");
    expect(lossOf([])).to.equal(null);
  });
});
