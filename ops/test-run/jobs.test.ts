import { expect } from "chai";
import { planPhases, runJobs } from "./jobs.ts";

const FILES = [
  ...Array.from({ length: 7 }, (_, n) => `room/unit-${n}.test.ts`),
  ...Array.from({ length: 13 }, (_, n) => `room/test/live-${n}.it.ts`),
  "room/test/chaos/kill.chaos.ts",
  "room/test/chaos/same.it.ts",
  "room/code.ts",
];

describe("the plan of a test run", () => {
  for (const isWhole of [true, false])
    it(`has each test file once, ${isWhole ? "whole" : "filtered"}`, () => {
      const planned = planPhases(FILES, isWhole).flatMap(({ jobs }) => jobs.flat());
      expect(planned.toSorted()).to.deep.equal(FILES.filter((file) => file !== "room/code.ts").toSorted());
    });

  it("gives files that kill and freeze a process each, and begins with them", () => {
    const [, live] = planPhases(FILES, true);
    expect(live?.jobs.slice(0, 3).map((job) => job.length)).to.deep.equal([1, 1, 5]);
  });

  it("has no phase without a file", () => {
    expect(planPhases(["a.test.ts"], true).map(({ name, jobs }) => [name, jobs])).to.deep.equal([
      ["unit tests", [["a.test.ts"]]],
    ]);
  });
});

describe("jobs", () => {
  it("run in their order, so many at once and no more", async () => {
    const begun: number[] = [];
    const finish: (() => void)[] = [];
    const all = runJobs([0, 1, 2], 2, async (job) => {
      begun.push(job);
      await new Promise<void>((resolve) => finish.push(resolve));
      return job * 10;
    });
    expect(begun).to.deep.equal([0, 1]);
    finish[1]?.();
    await Promise.resolve().then(() => new Promise(setImmediate));
    expect(begun).to.deep.equal([0, 1, 2]);
    finish[0]?.();
    finish[2]?.();
    expect(await all).to.have.members([0, 10, 20]);
  });
});
