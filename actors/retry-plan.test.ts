import { expect } from "chai";
import fc from "fast-check";
import { RetryBudget, RetryPlan, type Setback } from "./retry-plan.ts";

const CALL_MS = 20_000;
const plan = (fraction: number): RetryPlan =>
  new RetryPlan({ bytes: (count) => new Uint8Array(count), fraction: () => fraction }, CALL_MS);
const setback = (more: Partial<Setback> = {}): Setback => ({
  operation: { submittedAtMs: 0 },
  gateway: "stripe",
  account: "a",
  retries: 0,
  hintMs: null,
  nowMs: 0,
  monotonicMs: 0,
  ...more,
});

describe("retry plan", () => {
  const cases: ReadonlyArray<readonly [string, number, Partial<Setback>, string]> = [
    ["the first, least jitter", 0, {}, "again 1000"],
    ["the first, most jitter", 1, {}, "again 2000"],
    ["the second", 1, { retries: 1 }, "again 4000"],
    ["the third, halved", 0, { retries: 2 }, "again 4000"],
    ["the third", 1, { retries: 2 }, "again 8000"],
    ["none after the third", 0, { retries: 3, nowMs: 15_000 }, "later 5000"],
    ["the gateway's hint goes first", 1, { hintMs: 3_000 }, "again 3000"],
    ["a hint of at once", 1, { hintMs: 0 }, "again 500"],
    ["a hint beyond the call's time", 0, { hintMs: 60_000 }, "later 60000"],
    ["no hint that makes the rest of the time shorter", 0, { hintMs: 1_000, retries: 3 }, "later 20000"],
    ["a delay that does not fit", 1, { retries: 2, nowMs: 12_000 }, "later 9600"],
    ["a delay that just fits", 0.5, { retries: 2, nowMs: 13_999 }, "again 6000"],
    ["after the call's time", 0, { nowMs: 20_000 }, "later null"],
    ["after the call's time, with a hint", 0, { nowMs: 20_000, hintMs: 7_000 }, "later 7000"],
  ];
  for (const [name, fraction, more, expected] of cases)
    it(`${name}: ${expected}`, () => {
      const decision = plan(fraction).decide(setback(more));
      expect(`${decision.kind} ${decision.afterMs}`).to.equal(expected);
    });

  it("gives a quiet account three in ten seconds; what is over waits for the end of the call's time", () => {
    const own = plan(0);
    const kinds = Array.from({ length: 5 }, () => own.decide(setback()));
    expect(kinds.map(({ kind }) => kind)).to.deep.equal(["again", "again", "again", "later", "later"]);
    expect(kinds[4]).to.deep.equal({ kind: "later", afterMs: CALL_MS, isOverBudget: true });
    expect(own.decide(setback({ account: "b" })).kind, "another account has its own").to.equal("again");
    expect(own.decide(setback({ gateway: "adyen" })).kind).to.equal("again");
    expect(own.decide(setback({ monotonicMs: 11_000 })).kind).to.equal("again");
  });

  it("gives a busy account a tenth of its calls", () => {
    const own = plan(0);
    for (let i = 0; i < 1_000; i++) own.called("stripe", "a", i);
    const granted = Array.from({ length: 300 }, () => own.decide(setback({ monotonicMs: 1_000 })));
    expect(granted.filter(({ kind }) => kind === "again")).to.have.length(100);
  });

  it("never grants more than a tenth of the calls of any minute, or three in any ten seconds", () =>
    fc.assert(
      fc.property(
        fc.array(fc.record({ gapMs: fc.nat(900), calls: fc.nat(25), asks: fc.nat(12) }), { maxLength: 300 }),
        (steps) => {
          const budget = new RetryBudget();
          const calls: number[] = [];
          const granted: number[] = [];
          const since = (times: readonly number[], fromMs: number): number =>
            times.filter((atMs) => atMs > fromMs).length;
          let nowMs = 0;
          for (const { gapMs, calls: called, asks } of steps) {
            nowMs += gapMs;
            for (let i = 0; i < called; i++) {
              budget.called(nowMs);
              calls.push(nowMs);
            }
            for (let i = 0; i < asks; i++) {
              if (!budget.take(nowMs)) continue;
              granted.push(nowMs);
              const isWithinShare = since(granted, nowMs - 60_000) <= 0.1 * since(calls, nowMs - 60_000);
              expect(isWithinShare || since(granted, nowMs - 10_000) <= 3).to.equal(true);
            }
          }
        },
      ),
      { numRuns: 60 },
    ));
});
