/** What an actor says and does while nobody knows whether a commit was written. */
import { expect } from "chai";
import type { GatewayCall } from "../../actors/index.ts";
import { Rig, settle } from "./rig/actor-rig.ts";

describe("shard actor: unknown commits", () => {
  it("settles an unknown COMMIT before it says anything final", async () => {
    for (const written of [true, false]) {
      const rig = await Rig.started("adyen");
      rig.database.nextOutcomes.push({ kind: "unknown", written });
      await rig.create("k");
      expect([rig.replies[0]?.status, rig.calls.length]).to.deep.equal([503, 0]);
      await settle();
      expect(rig.actor.mode).to.equal("serving");
      expect(rig.database.owner.epoch).to.equal(2n);
      await rig.create("k");
      // Written: the same operation goes on. Not written: the retry is the first.
      if (written) expect(rig.last.status).to.equal(202);
      else expect(rig.calls).to.have.length(1);
      expect(rig.database.rows).to.have.length(1);
    }
  });

  it("answers who waits when a commit's fate is unknown only while it is sure of being the owner", async () => {
    for (const [frozenMs, status] of [
      [0, 202],
      [3_001, 0],
    ] as const) {
      const rig = await Rig.started("adyen");
      await rig.create("k");
      rig.turnClockWithoutSweep(frozenMs);
      rig.database.nextOutcomes.push({ kind: "unknown", written: false });
      await rig.answer({ kind: "captured", reference: "psp" });
      expect(rig.replies.map((reply) => reply.status)).to.deep.equal([status]);
    }
  });

  it("does not say that nothing was charged when it does not know whether the payment was stored", async () => {
    const rig = await Rig.started("adyen");
    rig.database.nextOutcomes.push({ kind: "unknown", written: true });
    await rig.create("k");
    const { code, detail } = rig.last.body as { code: string; detail: string };
    expect(code).to.equal("storage_unavailable");
    expect(detail).to.include("not known yet").and.not.to.include("nothing was charged");
  });

  it("keeps what gateways say while it settles, and takes it afterwards", async () => {
    const rig = await Rig.started("adyen");
    await rig.create("a");
    const answerA = rig.calls[0] as GatewayCall;
    rig.database.nextOutcomes.push({ kind: "unknown", written: false });
    rig.send("b");
    while (rig.actor.mode === "serving") await Promise.resolve();
    rig.observe({ kind: "captured", reference: "psp" }, answerA);
    await settle();
    await rig.create("a");
    expect([rig.last.status, rig.last.replayed]).to.deep.equal([201, true]);
  });
});
