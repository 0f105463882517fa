/** How an actor ends with work under way. */
import { expect } from "chai";
import { Rig } from "./rig/actor-rig.ts";
import { gated } from "./rig/wrapped-stores.ts";

describe("shard actor: drain", () => {
  it("drains a payment whose intent is on its way to disk: to its final answer, when there is time", async () => {
    const gate = gated();
    const rig = await Rig.started("adyen", { store: gate.store });
    gate.close();
    await rig.create("k");
    const drained = rig.actor.drain(1_000);
    await rig.pass(100);
    expect([rig.calls.length, rig.replies.length]).to.deep.equal([0, 0]);
    gate.open();
    await rig.pass(100);
    expect(rig.actions).to.deep.equal(["execute"]);
    await rig.answer({ kind: "captured", reference: "psp" });
    await rig.pass(100);
    await drained;
    expect(rig.replies.map(({ status }) => status)).to.deep.equal([201]);
  });

  it("calls no gateway once the time to drain is over: the client hears 202, and a successor inherits the operation", async () => {
    for (const [lateMs, status] of [
      [1_500, 202],
      [3_500, 0], // its commit was sent too long ago to be sure of being the owner
    ] as const) {
      const gate = gated();
      const rig = await Rig.started("adyen", { store: gate.store });
      gate.close();
      await rig.create("k");
      const drained = rig.actor.drain(1_000);
      await rig.pass(lateMs);
      gate.open();
      await rig.pass(1_000);
      await drained;
      expect([rig.actor.mode, rig.calls.length], `${lateMs} ms`).to.deep.equal(["closed", 0]);
      expect(rig.replies.map((reply) => reply.status)).to.deep.equal([status]);
      const heir = await rig.heir(2n);
      await heir.pass(25_000);
      expect(heir.calls.length, "the successor's").to.be.greaterThan(0);
    }
  });
});
