import { expect } from "chai";
import { LoadTally } from "./load-tally.ts";
import { OUTCOME } from "./load-terms.ts";
import { KIND } from "./mix.ts";
import { READ_KINDS } from "./read-mix.ts";

const DRAIN_MS = 8000;
const BALANCES = READ_KINDS.findIndex(({ name }) => name === "balances");

describe("load tally", () => {
  it("times payments net of the gateway, and with it", () => {
    const tally = new LoadTally(DRAIN_MS);
    tally.sent(KIND.fresh, false, 0, false);
    tally.answered(KIND.fresh, false, OUTCOME.accepted, 201, 70, 50);
    const { net, gross, fresh } = tally.result(1);
    expect(net.maxUs).to.equal(20_000);
    expect(gross.maxUs).to.equal(70_000);
    expect(fresh).to.include({ due: 1, right: 1 });
  });

  it("does not time refusals: they are quick", () => {
    const tally = new LoadTally(DRAIN_MS);
    tally.sent(KIND.fresh, true, 0, false);
    tally.answered(KIND.fresh, true, OUTCOME.refused, 503, 1, -1);
    const { net, fresh, firstMerchant, statuses } = tally.result(1);
    expect(net.count).to.equal(0);
    expect(fresh).to.include({ refused: 1, right: 0, wrong: 0 });
    expect(firstMerchant.answers.refused).to.equal(1);
    expect(statuses).to.deep.equal({ 503: 1 });
  });

  it("keeps reads out of the times of payments, each kind with its own", () => {
    const tally = new LoadTally(DRAIN_MS);
    tally.sent(KIND.read + BALANCES, false, 0, false);
    tally.answered(KIND.read + BALANCES, false, OUTCOME.wrong, 500, 5, -1);
    tally.cameInWindow(KIND.read, false, true);
    const { net, gross, reads, rightInWindow, acceptedInWindow } = tally.result(2);
    expect([net.count, gross.count, acceptedInWindow, rightInWindow]).to.deep.equal([0, 0, 0, 1]);
    expect(reads?.answers).to.include({ due: 1, wrong: 1 });
    expect(reads?.achieved).to.equal(0.5);
    expect(reads?.kinds.map(({ answers }) => answers.due)).to.deep.equal(
      READ_KINDS.map((_, i) => Number(i === BALANCES)),
    );
    expect(reads?.kinds[BALANCES]?.latency.maxUs).to.equal(5_000);
  });

  it("says nothing of reads when none was due", () => expect(new LoadTally(DRAIN_MS).result(1).reads).to.equal(null));

  it("gives what never came, and what was never sent, the longest latency", () => {
    const tally = new LoadTally(DRAIN_MS);
    tally.sent(KIND.fresh, false, 0, false);
    tally.unanswered(KIND.fresh, false);
    tally.neverSent(false);
    tally.neverSent(true);
    const { fresh, net, gross, reads } = tally.result(1);
    expect(fresh).to.include({ due: 2, unanswered: 1, neverSent: 1 });
    expect([net.count, net.p50Us, gross.count]).to.deep.equal([2, DRAIN_MS * 1000, 2]);
    expect(reads?.answers).to.include({ due: 1, neverSent: 1 });
    expect(reads?.latency.maxUs).to.equal(DRAIN_MS * 1000);
  });

  it("tells a generator that was late from a server that left no connection free", () => {
    const tally = new LoadTally(DRAIN_MS);
    for (const [lateMs, starved] of [
      [50, false],
      [51, false],
      [900, true],
      [900, true],
    ] as const)
      tally.sent(KIND.fresh, false, lateMs, starved);
    expect(tally.result(1)).to.include({ lateShare: 0.25, starvedShare: 0.5 });
  });

  it("gives the first merchant's share of what was accepted inside the window", () => {
    const tally = new LoadTally(DRAIN_MS);
    for (const isFirst of [true, false, false, false]) tally.cameInWindow(KIND.fresh, isFirst, true);
    tally.cameInWindow(KIND.fresh, true, false);
    tally.cameInWindow(KIND.refund, false, true);
    const result = tally.result(2);
    expect(result.firstMerchant.share).to.equal(0.25);
    expect(result).to.include({ achieved: 2, acceptedInWindow: 4, answeredInWindow: 6, rightInWindow: 5 });
  });
});
