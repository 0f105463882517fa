import { expect } from "chai";
import { cpuBetween, parseBusy, parseStat } from "./cpu.ts";
import type { CpuSnapshot, ProcessTicks } from "./cpu.ts";

const at = (atMs: number, ...list: readonly ProcessTicks[]): CpuSnapshot => ({
  atMs,
  busy: atMs, // more than any process here uses: the count by process decides
  processes: new Map(list.map((p) => [p.pid, p])),
});
const proc = (pid: number, parent: number, own: number, reaped = 0, startedAt = 1): ProcessTicks => ({
  pid,
  parent,
  name: "p",
  startedAt,
  own,
  reaped,
});
const roots = [
  { name: "postgres", pid: 10 },
  { name: "sandbox", pid: 5 },
];

describe("cpu", () => {
  it("reads a stat line whose name is hostile", () => {
    const line = "42 (a) R (b) S 7 42 42 0 -1 4194560 1 0 0 0 100 20 3 4 20 0 1 0 555 1 1";
    expect(parseStat(line)).to.deep.equal({ pid: 42, parent: 7, name: "a) R (b", startedAt: 555, own: 120, reaped: 7 });
  });

  it("gives children to the nearest root and the rest to foreign or kernel", () => {
    const before = at(0, proc(1, 0, 0), proc(2, 0, 0), proc(5, 1, 0), proc(10, 5, 0), proc(11, 10, 0), proc(30, 2, 0));
    const after = at(
      2000,
      proc(1, 0, 100),
      proc(2, 0, 0),
      proc(5, 1, 20),
      proc(10, 5, 30),
      proc(11, 10, 40),
      proc(30, 2, 50),
    );
    expect(cpuBetween(before, after, roots)).to.deep.equal({
      wallS: 2,
      groups: { postgres: 0.7, sandbox: 0.2 },
      foreignS: 1,
      kernelS: 0.5,
    });
  });

  it("counts a child that ended between the snapshots once, without what it had used before", () => {
    const before = at(0, proc(10, 1, 100), proc(11, 10, 500));
    const after = at(1000, proc(10, 1, 110, 530)); // the child used 30 more and was reaped
    expect(cpuBetween(before, after, roots).groups["postgres"]).to.equal(0.4);
  });

  it("counts nothing twice when a whole tree ended", () => {
    const before = at(0, proc(10, 1, 0), proc(11, 10, 100), proc(12, 11, 500));
    const after = at(1000, proc(10, 1, 0, 650));
    expect(cpuBetween(before, after, roots).groups["postgres"]).to.equal(0.5);
  });

  it("never calls more foreign than the processors were busy beside us", () => {
    const before = { ...at(0, proc(1, 0, 0), proc(10, 1, 0)), busy: 1000 };
    const after = { ...at(1000, proc(1, 0, 0, 900), proc(10, 1, 50)), busy: 1080 };
    expect(cpuBetween(before, after, roots).foreignS).to.equal(0.3);
  });

  it("reads how busy the processors were", () =>
    expect(parseBusy("cpu  10 2 30 400 5 6 7 80 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n")).to.equal(55));

  it("does not take a process for its predecessor with the same pid", () => {
    const before = at(0, proc(10, 1, 0), proc(11, 10, 900, 0, 1));
    const after = at(1000, proc(10, 1, 0, 900), proc(11, 10, 5, 0, 2));
    expect(cpuBetween(before, after, roots).groups["postgres"]).to.equal(0.05);
  });
});
