/** What becomes of what a gateway says: facts, conflicts, refused writes, late and double answers. */
import { expect } from "chai";
import type { GatewayCall } from "../../actors/index.ts";
import { DEFAULT_LIMITS } from "../config.ts";
import { DECLINED, Rig, settle, START_MS } from "./rig/actor-rig.ts";

describe("shard actor: outcomes", () => {
  it("commits Stripe's id between create and confirm", async () => {
    const rig = await Rig.started("stripe");
    await rig.create("k");
    await rig.answer({ kind: "prepared", reference: "pi_1" });
    expect(rig.actions).to.deep.equal(["prepare", "execute"]);
    expect(rig.rowsAtCall).to.deep.equal([1, 2]);
    expect(rig.calls[1]?.gatewayReference).to.equal("pi_1");
    await rig.answer({ kind: "captured", reference: "pi_1" });
    expect([rig.last.status, rig.last.body["status"]]).to.deep.equal([201, "captured"]);
  });

  it("answers 202 after 10 s without an answer, and takes the late fact", async () => {
    const rig = await Rig.started("adyen");
    await rig.create("k");
    await rig.pass(9_900);
    expect(rig.replies).to.have.length(0);
    await rig.pass(200);
    expect(rig.last.status).to.equal(202);
    await rig.answer({ kind: "captured", reference: "psp" });
    await rig.create("k");
    expect([rig.last.status, rig.last.body["status"], rig.last.replayed]).to.deep.equal([201, "captured", true]);
  });

  it("takes a sale that was only authorized for a conflict, once, with an error in the log", async () => {
    const rig = await Rig.started("adyen");
    await rig.create("k");
    await rig.answer({ kind: "authorized", reference: "psp" });
    expect([rig.last.status, (rig.last.body["pending"] as { needs_review: boolean }).needs_review]).to.deep.equal([
      202,
      true,
    ]);
    expect(rig.errors).to.deep.equal(["the gateway's answer conflicts with what was asked"]);
    await rig.pass(25_000);
    await rig.answer({ kind: "authorized", reference: "psp" });
    expect(rig.database.rows).to.have.length(2);
    expect(rig.actor.snapshot().inDoubt).to.equal(1);
  });

  it("goes on with what the gateway said while a fact was refused by the database", async () => {
    const rig = await Rig.started("adyen");
    await rig.create("k");
    rig.database.nextOutcomes.push({ kind: "rejected", sqlState: "23514", constraint: "journal_amounts" });
    rig.observe({ kind: "declined", failure: DECLINED, reference: null });
    await rig.answer({ kind: "captured", reference: "psp" });
    expect([rig.last.status, rig.last.body["status"]]).to.deep.equal([201, "captured"]);
  });

  it("says who found a fact: the gateway, or a check of the resolver", async () => {
    const rig = await Rig.started("stripe");
    await rig.create("k");
    await rig.answer({ kind: "prepared", reference: "pi_1" });
    await rig.answer({ kind: "unknown", reason: "time-out" });
    await rig.pass(1_500);
    await rig.answer({ kind: "captured", reference: "pi_1" });
    const causes = rig.database.rows.map(({ decision: { entry } }) => entry.cause);
    expect(causes).to.deep.equal(["request:r", "gateway", "gateway", "resolver"]);
  });

  it("tells the gateway threads until when a call may begin: for its own time, and never to execute past the deadline", async () => {
    const { gatewayCallMs, operationDeadlineMs } = DEFAULT_LIMITS;
    const rig = await Rig.started("adyen");
    await rig.create("k");
    expect(rig.calls[0]?.notAfterMs).to.equal(START_MS + gatewayCallMs);
    let seen = 0;
    await rig.pass(operationDeadlineMs + 2_000_000, async () => {
      for (; seen < rig.calls.length; seen++) {
        const call = rig.calls[seen] as GatewayCall;
        if (call.action === "execute") expect(call.notAfterMs).to.be.at.most(START_MS + operationDeadlineMs);
        else expect(call.notAfterMs).to.be.within(rig.nowMs, rig.nowMs + gatewayCallMs);
        await rig.answer({ kind: "unknown", reason: "time-out" });
      }
    });
    expect(new Set(rig.actions)).to.deep.equal(new Set(["execute", "abandon"]));
  });

  it("takes Stripe's id once and confirms once, though the preparing call of an earlier activation answers late", async () => {
    const rig = await Rig.started("stripe");
    await rig.create("k");
    rig.database.nextOutcomes.push({ kind: "unknown", written: false });
    await rig.create("other"); // its commit's fate is unknown: the actor reloads
    const [old] = rig.calls as [GatewayCall];
    await rig.pass(1_500);
    expect(rig.actions, "the check asks for the id again").to.deep.equal(["prepare", "prepare"]);
    const again = rig.calls[1] as GatewayCall;
    expect(again.try).not.to.equal(old.try);
    rig.observe({ kind: "prepared", reference: "pi_1" }, old);
    await settle();
    expect(rig.calls.length, "while the second still runs").to.equal(2);
    rig.observe({ kind: "prepared", reference: "pi_1" }, again);
    await settle();
    const facts = rig.database.rows.map(({ decision }) => decision.entry.fact);
    expect(facts.filter((fact) => fact === "gatewayPrepared")).to.have.length(1);
    await rig.pass(3_000);
    expect(rig.actions.slice(2)).to.deep.equal(["query"]);
  });
});
