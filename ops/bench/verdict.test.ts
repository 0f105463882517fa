import { expect } from "chai";
import type { Answers, LoadFigures, PreparedResult } from "./load-terms.ts";
import { judge } from "./verdict.ts";
import type { Evidence } from "./verdict.ts";

const answers = (more: Partial<Answers> = {}): Answers => ({
  due: 10_000,
  right: 10_000,
  refused: 0,
  wrong: 0,
  unanswered: 0,
  neverSent: 0,
  ...more,
});
const latency = (p99Us: number) => ({ count: 1, p50Us: 0, p90Us: 0, p99Us, p999Us: p99Us, maxUs: p99Us, meanUs: 0 });
const load = (more: Partial<LoadFigures> = {}): LoadFigures => ({
  offered: 1,
  achieved: 1,
  acceptedInWindow: 1,
  answeredInWindow: 1,
  rightInWindow: 1,
  fresh: answers(),
  replays: answers({ due: 0, right: 0 }),
  conflicts: answers({ due: 0, right: 0 }),
  refunds: answers({ due: 0, right: 0 }),
  reads: null,
  notices: null,
  firstMerchant: { share: 1, answers: answers(), net: latency(1) },
  faultyInWarmup: 0,
  statuses: {},
  samples: [],
  net: latency(499_000),
  gross: latency(1),
  replayLatency: latency(1),
  lag: latency(1),
  lateShare: 0,
  starvedShare: 0,
  cpuUsPerRequest: 1,
  connections: 1,
  reopened: 0,
  ...more,
});
const judged = (more: Partial<Evidence>) =>
  judge({ load: load(), foreignCores: 0.1, auditFaults: [], undurable: [], redisIdle: false, ...more });
const reads = (p99Us: number, more: Partial<Answers> = {}) => ({
  achieved: 1,
  answers: answers(more),
  latency: latency(p99Us),
  kinds: [],
});
const notices = (p99Us: number, more: Partial<Answers> = {}): PreparedResult => ({
  offered: 1,
  achieved: 1,
  answers: answers(more),
  faultyInWarmup: 0,
  latency: latency(p99Us),
  samples: [],
});

describe("judge", () => {
  it("lets a clean run hold", () => expect(judged({})).to.deep.equal({ holds: true, against: [], voidFor: [] }));

  const against: readonly (readonly [why: string, Partial<LoadFigures>, of?: string])[] = [
    ["P99 500 ms", { net: latency(500_000) }],
    ["1 wrong answers", { replays: answers({ wrong: 1 }) }],
    ["1 missing answers", { fresh: answers({ unanswered: 1 }) }],
    ["2 missing answers", { fresh: answers({ neverSent: 2 }) }, "to what was never sent"],
    ["0.11 % refused", { fresh: answers({ refused: 11 }) }],
    ["P99 of reads 100 ms", { reads: reads(100_000) }],
    ["P99 of notices 100 ms", { notices: notices(100_000) }],
    ["3 notices with a wrong answer or none", { notices: notices(1, { wrong: 1, unanswered: 1, neverSent: 1 }) }],
    ["2 notices with a wrong answer or none", { notices: { ...notices(1), faultyInWarmup: 2 } }, "in the warm-up"],
    ["0.11 % of the notices refused", { notices: notices(1, { refused: 11 }) }],
    ["1 wrong answers", { reads: reads(1, { wrong: 1 }) }, "to reads"],
    ["1 missing answers", { refunds: answers({ unanswered: 1 }) }, "to refunds"],
    ["3 wrong or missing answers in the warm-up", { faultyInWarmup: 3 }],
  ];
  for (const [why, more, of = ""] of against)
    it(`does not hold with ${why} ${of}`.trim(), () => {
      const verdict = judged({ load: load(more) });
      expect(verdict.holds).to.equal(false);
      expect(verdict.against).to.deep.equal([why]);
    });

  it("bears 0.1 % of refusals", () =>
    expect(judged({ load: load({ fresh: answers({ refused: 10 }) }) }).holds).to.equal(true));

  it("lets reads hold just under their limit, and shares refusals out over all requests", () => {
    const more = { reads: reads(99_900, { refused: 15 }) };
    expect(judged({ load: load(more) }).holds).to.equal(true);
  });

  it("is void when a Redis was there and of no use", () =>
    expect(judged({ redisIdle: true }).voidFor).to.deep.equal(["no replay was found in Redis"]));

  it("gives no number when the audit fails", () => {
    const verdict = judged({ auditFaults: ["1 operations left in doubt"] });
    expect(verdict).to.deep.include({ holds: false, voidFor: ["the audit failed"] });
  });

  it("is void under foreign load, or on a server that is not durable", () =>
    expect(judged({ foreignCores: 0.21, undurable: ["fsync=off"] }).voidFor).to.deep.equal([
      "the server runs with fsync=off",
      "foreign load of 0.21 cores",
    ]));

  it("is void when the generator was late by its own fault, not when the server was saturated", () => {
    expect(judged({ load: load({ lateShare: 0.011 }) }).voidFor).to.have.length(1);
    expect(judged({ load: load({ lateShare: 0.011, starvedShare: 0.2 }) }).voidFor).to.deep.equal([]);
  });
});
