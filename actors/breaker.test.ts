import { expect } from "chai";
import { Breaker, type BreakerState } from "./breaker.ts";
import { HandClock, settled } from "./hand-clock.ts";

const LIMITS = {
  breakerWindowS: 30,
  breakerFailuresMin: 4,
  breakerFailureShare: 0.5,
  breakerOpenMs: 1_000,
  breakerOpenMaxMs: 8_000,
};

/** A breaker, what it turned to, and how often it asked for evidence. */
function bench(fraction = 0) {
  const clock = new HandClock();
  const turns: BreakerState[] = [];
  let asked = 0;
  const breaker = new Breaker({
    clock,
    random: { bytes: (count) => new Uint8Array(count), fraction: () => fraction },
    limits: LIMITS,
    ask: () => asked++,
    turned: (state) => turns.push(state),
  });
  const call = async (...outcomes: readonly boolean[]): Promise<void> => {
    for (const ok of outcomes) breaker.called(ok);
    await settled();
  };
  return { clock, breaker, turns, call, asked: () => asked };
}
const NO = [false, false, false, false] as const;

describe("breaker", () => {
  const cases: ReadonlyArray<readonly [string, readonly boolean[], BreakerState]> = [
    ["too few failures", [false, false, false], "closed"],
    ["enough failures and nothing else", NO, "open"],
    ["half of the calls", [true, true, true, true, ...NO], "closed"],
    ["more than half of the calls", [true, true, true, ...NO], "open"],
    ["successes alone", [true, true, true, true, true], "closed"],
  ];
  for (const [name, outcomes, state] of cases)
    it(`${name} -> ${state}`, async () => {
      const { breaker, call } = bench();
      await call(...outcomes);
      expect(breaker.state).to.equal(state);
      expect(breaker.refusesForMs === undefined).to.equal(state === "closed");
    });

  it("forgets failures that are older than its window", async () => {
    const { breaker, call, clock } = bench();
    await call(false, false, false);
    expect(breaker.isIdle).to.equal(false);
    await clock.pass(31_000);
    expect(breaker.isIdle).to.equal(true);
    await call(false);
    expect(breaker.state).to.equal("closed");
  });

  it("asks for evidence after its delay, not before, and is closed by it", async () => {
    const { breaker, call, clock, turns, asked } = bench();
    await call(...NO);
    expect(breaker.refusesForMs).to.equal(1_000);
    await clock.pass(999);
    expect([breaker.state, asked(), breaker.refusesForMs]).to.deep.equal(["open", 0, 1]);
    await clock.pass(1);
    expect([breaker.state, asked()]).to.deep.equal(["half_open", 1]);
    expect(breaker.refusesForMs, "charges are refused still").to.equal(1);
    await clock.pass(60_000);
    expect(asked(), "one look, whose answer is out").to.equal(1);
    breaker.tested(true);
    await settled();
    expect([breaker.state, breaker.refusesForMs]).to.deep.equal(["closed", undefined]);
    expect(turns).to.deep.equal(["open", "half_open", "closed"]);
    await call(false, false, false);
    expect(breaker.state, "what was is forgotten").to.equal("closed");
  });

  it("waits twice as long after each look in vain, up to a most", async () => {
    const { breaker, call, clock } = bench();
    await call(...NO);
    const waits: (number | undefined)[] = [];
    for (let look = 0; look < 6; look++) {
      waits.push(breaker.refusesForMs);
      await clock.pass(breaker.refusesForMs as number);
      breaker.tested(false);
      await settled();
    }
    expect(waits).to.deep.equal([1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
  });

  it("goes on from there when it opens again soon, and begins anew after a quiet minute", async () => {
    const { breaker, call, clock } = bench();
    for (const [quietMs, expected] of [
      [0, 1_000],
      [59_000, 2_000],
      [61_000, 1_000],
    ] as const) {
      await clock.pass(quietMs);
      await call(...NO);
      expect(breaker.refusesForMs).to.equal(expected);
      await clock.pass(expected);
      breaker.tested(true);
      await settled();
    }
  });

  it("does not look when all others do", async () => {
    const { breaker, call } = bench(0.5);
    await call(...NO);
    expect(breaker.refusesForMs).to.equal(1_100);
  });

  it("takes evidence only while it asks, and results only while it is closed", async () => {
    const { breaker, call, clock, turns } = bench();
    breaker.tested(false);
    await call(...NO);
    breaker.tested(true);
    await call(true, true, true, true, true, true);
    expect(breaker.state, "answers of calls that were under way").to.equal("open");
    await clock.pass(1_000);
    await call(...NO, true);
    expect(breaker.state).to.equal("half_open");
    breaker.tested(true);
    breaker.tested(false);
    await settled();
    expect(turns, "the first evidence decides").to.deep.equal(["open", "half_open", "closed"]);
  });

  it("opens though many fail in one tick, once", async () => {
    const { call, turns } = bench();
    await call(...NO, ...NO, ...NO);
    expect(turns).to.deep.equal(["open"]);
  });
});
