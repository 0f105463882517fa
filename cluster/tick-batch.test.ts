import { expect } from "chai";
import { TickBatch, type TickTime } from "./tick-batch.ts";

/** Time that stands until it is moved. `soon` counts as a delay of 0. */
class HandTime implements TickTime {
  nowMs = 0;
  readonly planned: { readonly delayMs: number; readonly task: () => void }[] = [];
  monotonicMs(): number {
    return this.nowMs;
  }
  soon(task: () => void): void {
    this.planned.push({ delayMs: 0, task });
  }
  after(delayMs: number, task: () => void): void {
    this.planned.push({ delayMs, task });
  }
  /** Runs what is planned first; its delay. */
  run(): number | undefined {
    const next = this.planned.shift();
    this.nowMs += next?.delayMs ?? 0;
    next?.task();
    return next?.delayMs;
  }
}

describe("batches of a tick", () => {
  let time: HandTime;
  let sent: string[];
  let batch: TickBatch<string>;
  beforeEach(() => {
    time = new HandTime();
    sent = [];
    batch = new TickBatch((items) => void sent.push(items.join("")), time);
  });

  it("hand on what came within one turn as one batch, in order, at the turn's end", () => {
    for (const item of "abc") batch.add(item);
    expect(sent).to.deep.equal([]);
    expect(time.run()).to.equal(0);
    expect(sent).to.deep.equal(["abc"]);
    expect(time.planned).to.deep.equal([]);
  });

  it("leave 2 ms apart under load, and lose nothing in between", () => {
    batch.add("a");
    time.run();
    time.nowMs += 0.5;
    batch.add("b");
    time.nowMs += 0.5;
    batch.add("c");
    expect(time.run()).to.equal(1.5);
    expect(sent).to.deep.equal(["a", "bc"]);
  });

  it("leave as many milliseconds apart as the last one had items, 2 to 8", () => {
    for (const [count, paceMs] of [
      [1, 2],
      [5, 5],
      [8, 8],
      [50, 8],
    ] as const) {
      time.nowMs += 100;
      for (let i = 0; i < count; i++) batch.add("x");
      expect(time.run()).to.equal(0);
      batch.add("y");
      expect(time.run()).to.equal(paceMs);
    }
  });

  it("leave at once again after a pause", () => {
    batch.add("a");
    time.run();
    time.nowMs += 2;
    batch.add("b");
    expect(time.run()).to.equal(0);
    expect(sent).to.deep.equal(["a", "b"]);
  });

  it("put what comes during a hand-over into the next batch", () => {
    const seen: string[] = [];
    const echo = new TickBatch<string>((items) => {
      seen.push(items.join(""));
      if (seen.length === 1) echo.add("again");
    }, time);
    echo.add("first");
    time.run();
    expect(time.run()).to.equal(2);
    expect(seen).to.deep.equal(["first", "again"]);
  });
});
