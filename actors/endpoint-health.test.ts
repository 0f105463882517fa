import { expect } from "chai";
import { EndpointHealth } from "./endpoint-health.ts";
import type { Dispatched } from "./ports/outbox.ts";

const answered = (status: number, retryAfterMs: number | null = null): Dispatched["outcome"] => ({
  kind: "answered",
  status,
  retryAfterMs,
});
const TIMEOUT: Dispatched["outcome"] = { kind: "failed", reason: "timeout" };

describe("health of an endpoint", () => {
  /** After so many time-outs of tries that ran side by side, at time 0. */
  function failed(times: number): EndpointHealth {
    const health = new EndpointHealth();
    for (let n = 0; n < times; n++) health.failed(TIMEOUT, 0, false, 0.5);
    return health;
  }

  it("trusts a receiver by its newest answer", () => {
    const health = new EndpointHealth();
    expect(health.roomAt(0)).to.equal(2);
    health.succeeded(999);
    expect(health.roomAt(0)).to.equal(8);
    health.succeeded(1_000);
    expect(health.roomAt(0)).to.equal(2);
    health.succeeded(1);
    health.failed(answered(500), 0, false, 0.5);
    expect([health.roomAt(0), health.isDown]).to.deep.equal([2, false]);
  });

  it("asks a receiver that rests once when its merchant wants it, but none that is gone", () => {
    const down = failed(5);
    down.asked();
    expect(down.roomAt(0)).to.equal(1);
    down.began();
    expect(down.roomAt(0)).to.equal(0);
    down.asked();
    down.stuck(0);
    expect(down.roomAt(0), "of no use").to.equal(0);
    const waits = new EndpointHealth();
    waits.failed(answered(429, 60_000), 0, false, 0.5);
    waits.asked();
    expect(waits.roomAt(0)).to.equal(1);
    const gone = new EndpointHealth();
    gone.failed(answered(410), 0, false, 0.5);
    gone.asked();
    expect(gone.roomAt(0)).to.equal(0);
  });

  it("is down after five failures in a row, however many ran side by side, until one success", () => {
    expect(failed(4).isDown).to.equal(false);
    for (const health of [failed(5), failed(64)]) {
      expect(health.isDown).to.equal(true);
      expect([health.roomAt(4_999), health.roomAt(5_000)]).to.deep.equal([0, 1]);
      health.succeeded(1);
      expect([health.isDown, health.roomAt(0)]).to.deep.equal([false, 8]);
    }
  });

  it("rests longer and longer, at most ten minutes", () => {
    const health = failed(5);
    let nowMs = 0;
    const rests: number[] = [];
    for (let n = 0; n < 7; n++) {
      const beganMs = nowMs;
      while (health.roomAt(nowMs) === 0) nowMs += 1_000;
      rests.push((nowMs - beganMs) / 1_000);
      health.failed(TIMEOUT, nowMs, true, 0.5);
    }
    expect(rests).to.deep.equal([5, 30, 120, 600, 600, 600, 600]);
  });

  const rests: ReadonlyArray<readonly [string, Dispatched["outcome"], number]> = [
    ["429 with a wish", answered(429, 90_000), 90_000],
    ["503 with a wish", answered(503, 90_000), 90_000],
    ["503 with the wish of a day", answered(503, 86_400_000), 600_000],
    ["500 with a wish", answered(500, 90_000), 0],
    ["410", answered(410), 600_000],
    ["our own sockets", { kind: "failed", reason: "busy" }, 1_000],
  ];
  for (const [name, outcome, restMs] of rests)
    it(`after ${name} rests ${restMs} ms`, () => {
      const health = new EndpointHealth();
      health.failed(outcome, 0, false, 0.5);
      expect(health.roomAt(restMs)).to.equal(2);
      if (restMs > 0) expect(health.roomAt(restMs - 1)).to.equal(0);
    });

  it("holds faults of our own against nobody", () => {
    const health = new EndpointHealth();
    for (let n = 0; n < 100; n++) health.failed({ kind: "failed", reason: "unanswered" }, 0, false, 0.5);
    expect(health.isDown).to.equal(false);
  });
});
