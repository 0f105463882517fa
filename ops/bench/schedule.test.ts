import { expect } from "chai";
import fc from "fast-check";
import { connectionsFor, makeSchedule } from "./schedule.ts";

const terms = fc.record({
  rate: fc.integer({ min: 1, max: 20_000 }),
  warmupS: fc.integer({ min: 0, max: 10 }),
  measureS: fc.integer({ min: 1, max: 60 }),
});

describe("schedule", () => {
  it("has a request due at the moment the schedule names, and not before", () =>
    fc.assert(
      fc.property(terms, fc.nat(), (some, pick) => {
        const schedule = makeSchedule(some);
        const k = pick % schedule.total;
        expect(schedule.dueBy(schedule.dueMs(k))).to.equal(k + 1);
        expect(schedule.dueBy(schedule.dueMs(k) - 0.01)).to.equal(k);
      }),
    ));

  it("measures exactly the requests due inside the window", () =>
    fc.assert(
      fc.property(terms, (some) => {
        const schedule = makeSchedule(some);
        expect(schedule.total - schedule.firstMeasured).to.equal(some.rate * some.measureS);
        expect(schedule.dueMs(schedule.firstMeasured)).to.be.closeTo(schedule.measureStartMs, 1e-6);
        expect(schedule.dueMs(schedule.total - 1)).to.be.below(schedule.measureEndMs);
      }),
    ));

  it("is never due before the start and never more than its total", () => {
    const schedule = makeSchedule({ rate: 100, warmupS: 1, measureS: 2 });
    expect(schedule.dueBy(-1)).to.equal(0);
    expect(schedule.dueBy(1e9)).to.equal(300);
  });

  it("refuses a rate of zero", () => expect(() => makeSchedule({ rate: 0, warmupS: 0, measureS: 1 })).to.throw());

  it("gives connections for rate x limit, within bounds", () => {
    expect(connectionsFor(1000, 500, 3000)).to.equal(600);
    expect(connectionsFor(10_000, 500, 3000)).to.equal(3000);
    expect(connectionsFor(1, 500, 3000)).to.equal(16);
  });
});
