/** What an actor does about operations whose outcome it does not know: when it looks, and where it stops. */
import { expect } from "chai";
import { DEFAULT_LIMITS } from "../config.ts";
import { Rig, START_MS } from "./rig/actor-rig.ts";

describe("shard actor: operations in doubt", () => {
  it("repeats a call of unknown fate only after the grace, with the same key", async () => {
    const rig = await Rig.started("adyen");
    await rig.create("k");
    await rig.answer({ kind: "unknown", reason: "reset" });
    await rig.pass(19_000);
    expect(rig.calls).to.have.length(1);
    await rig.pass(3_000);
    expect(rig.actions).to.deep.equal(["execute", "execute"]);
    expect(rig.calls[1]).to.deep.include({ gatewayKey: rig.calls[0]?.gatewayKey, earlierTryOpen: true });
  });

  const courses = [
    ["stripe", ["query"], [1, 3, 10, 30, 120, 600, 900, 1_800, 5_400]],
    ["adyen", ["execute"], [20, 30, 120, 600, 900, 1_800, 5_400]],
  ] as const;
  for (const [gateway, [step], times] of courses) {
    it(`${gateway}: looks at an operation in doubt after ${times.join(", ")} s`, async () => {
      const rig = await Rig.started(gateway);
      await rig.create("k");
      if (gateway === "stripe") await rig.answer({ kind: "prepared", reference: "pi_1" });
      await rig.answer({ kind: "unknown", reason: "reset" });
      let seen = rig.calls.length;
      const course: (readonly [string, number])[] = [];
      for (const untilMs of [60_000, 1_000_000, 6_000_000]) {
        await rig.pass(START_MS + untilMs - rig.nowMs, async () => {
          for (; seen < rig.calls.length; seen++) {
            course.push([rig.calls[seen]?.action as string, (rig.nowMs - START_MS) / 1_000]);
            await rig.answer({ kind: "unknown", reason: "reset" });
          }
        });
      }
      expect(course.map(([action]) => action)).to.deep.equal(times.map((s) => (s < 900 ? step : "abandon")));
      for (const [i, [, atS]] of course.entries()) expect(atS, `check ${i}`).to.be.closeTo(times[i] as number, 4);
      expect(course[0]?.[1]).to.be.closeTo(times[0], 0.2);
    });
  }

  for (const gateway of ["stripe", "adyen"] as const) {
    it(`${gateway}: after the deadline flags for review, never executes, and never fails by time alone`, async () => {
      const rig = await Rig.started(gateway);
      await rig.create("k");
      if (gateway === "stripe") await rig.answer({ kind: "prepared", reference: "pi_1" });
      await rig.answer({ kind: "unknown", reason: "time-out" });
      const late: string[] = [];
      let seen = rig.calls.length;
      await rig.pass(48 * 3_600_000, async () => {
        while (seen < rig.calls.length) {
          if (rig.nowMs > START_MS + DEFAULT_LIMITS.operationDeadlineMs) late.push(rig.calls[seen]?.action as string);
          seen++;
          await rig.answer({ kind: "unknown", reason: "time-out" });
        }
      });
      expect(late.length, "it goes on looking").to.be.greaterThan(5);
      expect(late).not.to.include("execute");
      await rig.create("k");
      expect([
        rig.last.status,
        rig.last.body["status"],
        (rig.last.body["pending"] as { needs_review: boolean }).needs_review,
      ]).to.deep.equal([202, "pending", true]);
    });
  }

  it("fails at the deadline when no try ever left the machine", async () => {
    const rig = await Rig.started("adyen");
    await rig.create("k");
    let seen = 0;
    await rig.pass(DEFAULT_LIMITS.operationDeadlineMs + 2_000_000, async () => {
      for (; seen < rig.calls.length; seen++) await rig.answer({ kind: "notSubmitted", reason: "connection refused" });
    });
    expect(rig.replies[0]?.status, "202 in the meantime").to.equal(202);
    expect(new Set(rig.calls.map(({ gatewayKey }) => gatewayKey)).size).to.equal(1);
    await rig.create("k");
    expect([rig.last.status, (rig.last.body["decline"] as { code: string }).code]).to.deep.equal([
      402,
      "gateway_unreachable",
    ]);
  });

  it("serves a shard with a payment whose details cannot be opened: flagged, read, never executed", async () => {
    const lost = () => {
      throw new Error("the bytes were changed");
    };
    for (const gateway of ["stripe", "adyen"] as const) {
      const first = await Rig.started(gateway);
      await first.create("k");
      if (gateway === "stripe") await first.answer({ kind: "prepared", reference: "pi_1" });
      const heir = await first.heir(2n, START_MS, { vault: { seal: (_, plain) => plain, open: lost } });
      expect(heir.actor.mode).to.equal("serving");
      let seen = 0;
      await heir.pass(48 * 3_600_000, async () => {
        for (; seen < heir.calls.length; seen++) await heir.answer({ kind: "undecided", reference: "pi_1" });
      });
      expect([...new Set(heir.actions)]).to.deep.equal(gateway === "stripe" ? ["query"] : []);
      expect(heir.calls.length).to.be.lessThan(60);
      await heir.create("k");
      expect((heir.last.body["pending"] as { needs_review: boolean }).needs_review).to.equal(true);
    }
  });
});
