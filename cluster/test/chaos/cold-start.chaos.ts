/**
 * A12, A4, P25: the node dies with payments in doubt, and nobody asks for them. It is started again and ends all of them by
 * itself, with no more calls to the gateway than its budget allows. `npm run bench -- --profile recovery` measures the same
 * with ten times as many.
 */
import { expect } from "chai";
import { COLD_START_ARGS, coldStart, type ColdStartReport } from "../../../ops/bench/cold-start.ts";
import { Cluster } from "../rig/cluster.ts";
import { expectInvariants } from "../rig/invariants.ts";

const PAYMENTS = 1_000;
/** Far less than a node asks for without one: what it would do then is seen. */
const CALLS_PER_SECOND = 100;

describe("a cold start with payments in doubt", function () {
  this.timeout(600_000);
  let cluster: Cluster;
  let report: ColdStartReport;

  before(async () => {
    cluster = await Cluster.start(...COLD_START_ARGS);
    const { dataDir } = cluster;
    report = await coldStart({ dataDir, payments: PAYMENTS, callsPerSecond: CALLS_PER_SECOND, say: () => undefined });
    const { recoveredMs, calls, busiestSecond } = report;
    console.log(`      ${recoveredMs} ms, ${calls} calls, ${busiestSecond} in the busiest second`);
  });
  after(() => cluster?.dispose());

  it("had all of them in doubt when the node died", () => expect(report.inDoubt).to.equal(PAYMENTS));

  it("A12, I5 ends them all without a client and without a notification", () => {
    expect(report.recoveredMs, "until none was pending").to.be.a("number");
    expect(report.faults).to.deep.equal([]);
  });

  it("P25 calls the gateway within its budget from the first call on", () => {
    expect(report.calls, "each was asked about").to.be.at.least(PAYMENTS);
    expect(report.aheadOfBudget, "calls ahead of the budget").to.equal(0);
  });

  it("I1-I20 books, charge log and journal agree", () => expectInvariants(cluster));
});
