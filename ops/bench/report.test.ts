import { expect } from "chai";
import type { Answers, LoadResult } from "./load-terms.ts";
import type { Measurement } from "./measure.ts";
import { UNIFORM } from "./merchant-pick.ts";
import { READS_MIX, STANDARD_MIX } from "./mix.ts";
import { isRecovered } from "./recovery-report.ts";
import { ratioTo, renderReport, rowsOf } from "./report.ts";
import type { ClusterReport } from "./report.ts";
import { renderTable, spreadOf } from "./report-table.ts";

const answers = (due: number, more: Partial<Answers> = {}): Answers => ({
  due,
  right: due,
  refused: 0,
  wrong: 0,
  unanswered: 0,
  neverSent: 0,
  ...more,
});
const latency = (p99Us: number) => ({ count: 1, p50Us: 1000, p90Us: 0, p99Us, p999Us: p99Us, maxUs: p99Us, meanUs: 0 });
const READS: LoadResult["reads"] = {
  achieved: 3499,
  answers: answers(3500, { wrong: 1, refused: 2 }),
  latency: latency(42_000),
  kinds: [{ name: "balances", share: 5, answers: answers(175), latency: latency(7_000) }],
};

const NOTICES: LoadResult["notices"] = {
  offered: 1000,
  achieved: 999,
  answers: answers(60_000, { refused: 2 }),
  faultyInWarmup: 0,
  latency: latency(42_000),
  samples: [],
};

function measurement(more: Partial<Measurement["terms"]> = {}, reads: LoadResult["reads"] = null): Measurement {
  return {
    target: "cluster, 1 shard",
    terms: {
      rate: 5000,
      warmupS: 1,
      measureS: 60,
      checkpoint: false,
      capacityConnections: null,
      paymentMethod: "tok_visa",
      mix: reads === null ? STANDARD_MIX : READS_MIX,
      spread: UNIFORM,
      notices: null,
      beside: [],
      profileDir: null,
      ...more,
    },
    load: {
      offered: 5000,
      achieved: 4890,
      acceptedInWindow: 1,
      answeredInWindow: 1,
      rightInWindow: 1,
      fresh: answers(1000, { refused: 3 }),
      replays: answers(20),
      conflicts: answers(2),
      refunds: answers(10),
      reads,
      notices: null,
      firstMerchant: { share: 0.2004, answers: answers(1), net: latency(1) },
      faultyInWarmup: 0,
      statuses: {},
      samples: [],
      net: latency(250_000),
      gross: latency(300_000),
      replayLatency: latency(1),
      lag: latency(1),
      lateShare: 0,
      starvedShare: 0,
      cpuUsPerRequest: 20,
      connections: 1,
      reopened: 0,
    },
    cpuUs: { node: 100, postgres: 50, redis: 10 },
    foreignCores: 0,
    threads: [],
    wal: { records: 0, fullPageImages: 0, bytes: 0, flushes: 0, commits: 0 },
    walBytesPerPayment: 2000,
    commitsPerFlush: 1,
    redis: { hits: 90, misses: 4000 },
    residentMiB: { before: 1, after: 2 },
    audit: { faults: [], payments: 1, tookMs: 1 },
    verdict: { holds: true, against: [], voidFor: [] },
  };
}

const report = (...clusters: readonly ClusterReport[]) =>
  renderReport({
    at: "now",
    command: "",
    machine: { cpu: "c", cores: 2, memoryGiB: 8, kernel: "6", node: "22", schedAutogroup: "1", fdatasyncUs: 1 },
    pgbenchVersion: null,
    clusters,
    comparisons: [],
  }).join("\n");
const cluster = (more: Partial<ClusterReport> = {}): ClusterReport => ({
  shards: 1,
  workers: 1,
  merchants: 1000,
  rateLimit: 100_000,
  redis: null,
  settings: {},
  runs: [measurement()],
  naive: [],
  pgbench: null,
  heldRate: 5000,
  breaker: null,
  recovery: null,
  ...more,
});

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

  it("has one row a run: offered, achieved, wrong, missing, refused, times, share of the first merchant", () => {
    const [row, ...more] = rowsOf(measurement());
    expect(more).to.deep.equal([]);
    expect(row?.slice(0, 10)).to.deep.equal([
      "cluster, 1 shard",
      "5000",
      "4890",
      "0",
      "0",
      "3",
      "1.0",
      "250",
      "250",
      "20.0 %",
    ]);
    expect(row?.at(-1)).to.equal("yes, 60 s");
  });

  it("shows payments and reads of one run apart", () => {
    const [payments, reads] = rowsOf(measurement({}, READS));
    expect(payments?.slice(0, 3)).to.deep.equal(["cluster, 1 shard: payments", "1500", "4890"]);
    expect(reads?.slice(0, 8)).to.deep.equal(["cluster, 1 shard: reads", "3500", "3499", "1", "0", "2", "1.0", "42.0"]);
    expect(reads).to.have.length(payments?.length ?? 0);
    expect(report(cluster({ runs: [measurement({}, READS)] }))).to.match(/balances +5 % +175 +0 +0 +1\.0 +7\.0/);
  });

  it("shows notices of a run in a row of their own, and what they are", () => {
    const plain = measurement();
    const run = { ...plain, load: { ...plain.load, notices: NOTICES } };
    const [payments, notices] = rowsOf(run);
    expect(payments?.slice(0, 3)).to.deep.equal(["cluster, 1 shard: payments", "5000", "4890"]);
    expect(notices?.slice(0, 8)).to.deep.equal([
      "cluster, 1 shard: notices",
      "1000",
      "999",
      "0",
      "0",
      "2",
      "1.0",
      "42.0",
    ]);
    expect(notices).to.have.length(payments?.length ?? 0);
    expect(report(cluster({ runs: [run] }))).to.contain("notices: Adyen's, signed");
    expect(report(cluster())).not.to.contain("notices");
  });

  it("says how fast an open breaker refuses", () => {
    const breaker = { ...NOTICES, offered: 100, answers: answers(500, { right: 499 }), latency: latency(3_000) };
    expect(report(cluster({ breaker }))).to.contain(
      "open breaker: 499 of 500 payments at 100/s refused with 503, P50 1.0 P99 3.0 worst 3.0 ms",
    );
  });

  it("says what a cold start came to, and no times of a load", () => {
    const recovery = {
      payments: 100,
      callsPerSecond: 50,
      inDoubt: 98,
      readyMs: 1_500,
      recoveredMs: 20_040,
      calls: 147,
      busiestSecond: 51,
      aheadOfBudget: 0,
      faults: [],
    };
    const text = report(cluster({ runs: [], recovery }));
    expect(text)
      .to.contain("98 of 100 payments in doubt")
      .and.to.match(/none is in doubt after +20\.0 s/);
    expect(text)
      .to.contain("147, 1.50 a payment, 51 in the busiest second")
      .and.to.match(/budget of 50\/s +kept/);
    expect(text).not.to.contain("largest rate");
    expect(isRecovered(recovery)).to.equal(true);
    expect(isRecovered({ ...recovery, recoveredMs: null })).to.equal(false);
    expect(isRecovered({ ...recovery, aheadOfBudget: 1 })).to.equal(false);
    expect(isRecovered({ ...recovery, faults: ["99 of 100 payments captured"] })).to.equal(false);
  });

  it("says no times of a run that was given all it takes", () =>
    expect(rowsOf(measurement({ capacityConnections: 10 }))[0]?.slice(1, 9)).to.deep.equal([
      "all it takes",
      "4890",
      "0",
      "0",
      "3",
      "",
      "",
      "",
    ]));

  it("says whether there was a Redis, how many merchants, and their limit", () => {
    expect(report(cluster())).to.contain("== 1 shard, 1 actor thread, no Redis, 1000 merchants, limit 100000/s each");
    const text = report(cluster({ redis: "7.2.4", merchants: 1 }));
    expect(text).to.contain("Redis 7.2.4, 1 merchant,").and.to.contain("90 looks found their key, 4000 did not");
  });
});
