/** What an actor says and does only while it is sure of being the owner. */
import { expect } from "chai";
import type { ShardStore } from "../../actors/index.ts";
import { DEFAULT_LIMITS } from "../config.ts";
import { Rig, settle } from "./rig/actor-rig.ts";
import { bound, gated } from "./rig/wrapped-stores.ts";

describe("shard actor: ownership", () => {
  it("ends when another owner has the shard: no answer to who may be charged, no more writes", async () => {
    const old = await Rig.started("adyen");
    await old.create("k");
    const heir = new Rig("adyen", old.database, 2n);
    await heir.actor.start();
    const rows = old.database.rows.length;
    await old.answer({ kind: "captured", reference: "psp" });
    expect([old.actor.mode, old.last.status, old.database.rows.length]).to.deep.equal(["fenced", 0, rows]);
    await old.create("k");
    expect([old.last.status, old.last.body["code"]]).to.deep.equal([503, "shard_unavailable"]);
  });

  it("answers repeats from memory for 3 s, afterwards only after one look for all, and never as a zombie", async () => {
    let looks = 0;
    const counting = (store: ShardStore): ShardStore => {
      const confirmEpoch: ShardStore["confirmEpoch"] = (lease) => {
        looks++;
        return store.confirmEpoch(lease);
      };
      return { ...bound(store), confirmEpoch };
    };
    const rig = await Rig.started("adyen", { store: counting });
    await rig.create("done");
    await rig.answer({ kind: "captured", reference: "psp" });
    await rig.create("doubt");
    await rig.answer({ kind: "unknown", reason: "time-out" });
    rig.turnClockWithoutSweep(3_001);
    const seen = rig.replies.length;
    rig.send("done");
    rig.send("doubt");
    rig.send("doubt");
    await settle();
    expect(rig.replies.slice(seen).map(({ status }) => status)).to.deep.equal([201, 202, 202]);
    expect(looks, "the first sends at once, the others wait and share").to.equal(2);
    await rig.heir(2n);
    for (const key of ["done", "doubt"]) {
      await rig.create(key);
      expect([rig.last.status, rig.last.body["code"]], key).to.deep.equal([503, "storage_unavailable"]);
    }
  });

  it("closes the connection of a waiter whose time is up when it cannot be sure of being the owner", async () => {
    const rig = await Rig.started("adyen");
    await rig.create("k");
    rig.turnClockWithoutSweep(10_001);
    await rig.heir(2n);
    rig.actor.sweep();
    await settle();
    expect(rig.replies.map(({ status, body }) => [status, body.length])).to.deep.equal([[0, 0]]);
    const owner = await Rig.started("adyen");
    await owner.create("k");
    owner.turnClockWithoutSweep(10_001);
    owner.actor.sweep();
    await settle();
    expect(owner.last.status, "frozen, but still the owner").to.equal(202);
  });

  it("makes no first call for an intent whose acknowledgement it read very late, and looks at it as the owner first", async () => {
    for (const [lateMs, owner] of [
      [DEFAULT_LIMITS.memoryAnswersForMs + 1, "itself"],
      [DEFAULT_LIMITS.memoryAnswersForMs + 1, "an heir"],
      [DEFAULT_LIMITS.operationDeadlineMs + 1, "itself"],
    ] as const) {
      const gate = gated();
      const rig = await Rig.started("adyen", { store: gate.store });
      gate.close();
      await rig.create("k");
      rig.turnClockWithoutSweep(lateMs);
      if (owner === "an heir") await rig.heir(2n);
      gate.open();
      await settle();
      expect(rig.calls, "before it is sure").to.deep.equal([]);
      await rig.pass(5_000);
      const late = lateMs > DEFAULT_LIMITS.operationDeadlineMs;
      expect(rig.actions, `${lateMs} ms, ${owner}`).to.deep.equal(late || owner === "an heir" ? [] : ["execute"]);
      expect(rig.actor.mode).to.equal(owner === "an heir" ? "fenced" : "serving");
      if (late) await rig.create("k");
      if (late) expect([rig.last.status, rig.last.body["code"]]).to.deep.equal([402, "payment_declined"]);
    }
  });

  it("begins no check after a standstill before it knows that it is still the owner", async () => {
    const rig = await Rig.started("adyen");
    await rig.create("k");
    await rig.answer({ kind: "notSubmitted", reason: "connection refused" });
    await rig.heir(2n);
    rig.turnClockWithoutSweep(DEFAULT_LIMITS.memoryAnswersForMs + 1);
    await rig.pass(5_000);
    expect([rig.actor.mode, rig.calls.length]).to.deep.equal(["fenced", 1]);
  });

  it("serves later what it could not take at first, and refuses meanwhile", async () => {
    let broken = true;
    const failing = (store: ShardStore): ShardStore => {
      const activate: ShardStore["activate"] = (claim, signal) =>
        broken ? Promise.reject(new Error("the journal and the lease disagree")) : store.activate(claim, signal);
      return { ...bound(store), activate };
    };
    const rig = await Rig.started("adyen", { store: failing });
    expect(rig.actor.mode).to.equal("failed");
    await rig.create("k");
    expect([rig.last.status, rig.last.body["code"]]).to.deep.equal([503, "shard_unavailable"]);
    await rig.pass(6_000);
    expect(rig.actor.mode).to.equal("failed");
    broken = false;
    await rig.pass(6_000);
    expect([rig.actor.mode, rig.errors.length]).to.deep.equal(["serving", 2]);
    await rig.create("k");
    expect(rig.calls).to.have.length(1);
  });
});
