import { expect } from "chai";
import { StandingQueue } from "./standing-queue.ts";

describe("a standing queue", () => {
  it("is none after a stall, however old what it left is, as long as that is worked off within an interval", () => {
    const queue = new StandingQueue(200);
    expect([900, 910, 950].map((waitMs, i) => queue.stands(waitMs, 1_000 + i * 30))).to.deep.equal([
      false,
      false,
      false,
    ]);
    expect(queue.stands(200, 1_099)).to.equal(false);
    expect(queue.stands(900, 1_150), "a new interval begins").to.equal(false);
  });

  it("is one when waits stay too long for an interval, until one is short again", () => {
    const queue = new StandingQueue(200);
    expect(queue.stands(201, 0)).to.equal(false);
    expect(queue.stands(250, 99)).to.equal(false);
    expect(queue.stands(250, 100)).to.equal(true);
    expect(queue.stands(201, 500)).to.equal(true);
    expect(queue.stands(200, 501)).to.equal(false);
    expect(queue.stands(201, 502)).to.equal(false);
  });
});
