/** What the next owner of a shard finds and goes on with: open operations, their tries, the floor, rows of doubt. */
import { expect } from "chai";
import type { ShardStore } from "../../actors/index.ts";
import { DEFAULT_LIMITS } from "../config.ts";
import { Rig, START_MS } from "./rig/actor-rig.ts";
import { bound } from "./rig/wrapped-stores.ts";

describe("shard actor: succession", () => {
  it("resumes open operations from the database alone, with no traffic", async () => {
    const first = await Rig.started("stripe");
    await first.create("k");
    await first.answer({ kind: "prepared", reference: "pi_1" });
    const heir = new Rig("stripe", first.database, 2n);
    await heir.actor.start();
    await heir.pass(2_000);
    expect(heir.actions).to.deep.equal(["query"]);
    expect(heir.calls[0]).to.deep.include({ gatewayReference: "pi_1", paymentMethod: "tok_visa" });
    await heir.answer({ kind: "captured", reference: "pi_1" });
    await heir.pass(5_000);
    expect([heir.actor.snapshot().openOperations, heir.database.doubts.size]).to.deep.equal([0, 0]);
  });

  it("does not fail what another owner tried: that try's fate is unknown", async () => {
    const first = await Rig.started("adyen");
    await first.create("k");
    await first.answer({ kind: "notSubmitted", reason: "connection refused" });
    const heir = new Rig("adyen", first.database, 2n, START_MS + 1_000);
    await heir.actor.start();
    let seen = 0;
    await heir.pass(DEFAULT_LIMITS.operationDeadlineMs + 2_000_000, async () => {
      for (; seen < heir.calls.length; seen++)
        await heir.answer({ kind: "notSubmitted", reason: "connection refused" });
    });
    await heir.create("k");
    expect([heir.last.status, heir.last.body["status"]]).to.deep.equal([202, "pending"]);
  });

  it("gives no try a number that an earlier owner's had, noted or not", async () => {
    const refused = () => Promise.resolve({ kind: "rejected" as const, sqlState: "23514", constraint: null });
    const forgetful = { store: (store: ShardStore): ShardStore => ({ ...bound(store), saveDoubts: refused }) };
    for (const changes of [{}, forgetful]) {
      const numbers: number[] = [];
      let rig = await Rig.started("adyen", changes);
      await rig.create("k");
      await rig.answer({ kind: "unknown", reason: "time-out" });
      for (let owner = 2n; owner < 5n; owner++) {
        await rig.pass(25_000); // the check at 20 s gets no answer
        numbers.push(...rig.calls.map((call) => call.try));
        const [noted] = rig.database.doubts.values();
        expect(noted?.tries ?? numbers.length, "the noted count is that of all tries").to.equal(numbers.length);
        rig = await rig.heir(owner, undefined, changes);
      }
      expect(numbers).to.have.length(4);
      expect(numbers).to.deep.equal([...new Set(numbers)].sort((x, y) => x - y));
      const cancelKey = `${rig.database.rows[0]?.decision.payment.operation.gatewayKey}-cancel-${numbers.at(-1)}`;
      expect(cancelKey.length).to.be.at.most(64);
    }
  });

  it("keeps the floor under the oldest open operation when ids and activation sort against the journal", async () => {
    const reversed = (as: ShardStore): ShardStore => {
      const store = bound(as);
      const activate: ShardStore["activate"] = async (claim, signal) => {
        const activation = await store.activate(claim, signal);
        return activation === "fenced" ? activation : { ...activation, open: activation.open.toReversed() };
      };
      // Rows of doubt never arrive, so that the floor is all that keeps an operation in sight.
      const saveDoubts = () => Promise.resolve({ kind: "rejected" as const, sqlState: "23514", constraint: null });
      return { ...store, activate, saveDoubts };
    };
    const change = { store: reversed };
    const first = new Rig("adyen", undefined, 1n, START_MS + 10_000, change);
    await first.actor.start();
    await first.create("k1");
    const second = await first.heir(2n, START_MS, change); // its clock is behind: smaller ids
    await second.create("k2");
    const third = await second.heir(3n, START_MS + 5_000, change);
    await third.create("k3");
    expect(third.database.openFloorSeq).to.equal(1n);
    const fourth = await third.heir(4n, START_MS, change);
    expect(fourth.actor.snapshot().openOperations).to.equal(3);
  });

  it("does not pull the floor back for an old doubt that is noted", async () => {
    const rig = await Rig.started("adyen");
    await rig.create("k1");
    await rig.answer({ kind: "unknown", reason: "time-out" });
    await rig.pass(1_000);
    expect(rig.database.doubts.size).to.equal(1);
    const heir = await rig.heir(2n);
    await heir.create("k2");
    expect(heir.database.openFloorSeq).to.equal(3n);
  });

  it("removes rows of operations that ended from the table of doubts: after a crash, and when it drains", async () => {
    const rig = await Rig.started("adyen");
    await rig.create("k");
    await rig.answer({ kind: "unknown", reason: "time-out" });
    await rig.pass(1_000);
    await rig.answer({ kind: "captured", reference: "psp" });
    expect(rig.database.doubts.size, "ended, and its row still stands").to.equal(1);
    const heir = await rig.heir(2n);
    await heir.pass(100);
    expect(heir.database.doubts.size).to.equal(0);
    await heir.create("k2");
    await heir.answer({ kind: "unknown", reason: "time-out" });
    await heir.pass(1_000);
    await heir.answer({ kind: "captured", reference: "psp" });
    await heir.actor.drain(1_000);
    expect(heir.database.doubts.size).to.equal(0);
  });
});
