/** Cancels of payments whose first operation is open: from the request on the goal is no charge. */
import { expect } from "chai";
import type { PaymentId } from "../../actors/domain/index.ts";
import type { GatewayCall } from "../../actors/index.ts";
import { DECLINED, Rig, settle } from "./rig/actor-rig.ts";

/** A payment whose money-moving call is out and unanswered, with a cancel that was asked for. */
async function canceled(
  gateway: "stripe" | "adyen",
  capture: "manual" | "automatic",
): Promise<readonly [Rig, PaymentId, GatewayCall]> {
  const rig = await Rig.started(gateway);
  await rig.create("k", { amount: 1_000, capture_method: capture });
  if (gateway === "stripe") await rig.answer({ kind: "prepared", reference: "pi_1" });
  const charge = rig.calls.at(-1) as GatewayCall;
  expect(charge.action).to.equal("execute");
  await rig.modify("cancel", charge.paymentId, "x");
  expect(rig.last.status).to.equal(202);
  expect(rig.last.body["pending"]).to.include({ cancel_requested: true });
  return [rig, charge.paymentId, charge];
}

/** The answer that the cancel's key has now. */
async function cancelAnswer(rig: Rig, id: PaymentId): Promise<unknown[]> {
  await rig.modify("cancel", id, "x");
  return [rig.last.status, rig.last.body["status"], rig.last.replayed];
}

describe("shard actor: cancel while in doubt", () => {
  it("never executes again once a cancel was asked for: it reads, and abandons", async () => {
    const [rig] = await canceled("stripe", "automatic");
    const before = rig.calls.length;
    rig.observe({ kind: "unknown", reason: "timeout" });
    await rig.pass(120_000, async () => {
      const call = rig.calls.at(-1) as GatewayCall;
      if (rig.calls.length > before && call.action === "abandon") return;
      await settle();
    });
    const actions = rig.calls.slice(before).map(({ action }) => action);
    expect(actions.length).to.be.above(0);
    expect(actions).not.to.include("execute");
    expect(actions).to.include("abandon");
  });

  it("settles when the gateway says that there is no charge", async () => {
    const ends = [
      [{ kind: "voided", reference: "pi_1" }, "canceled"],
      [{ kind: "declined", failure: DECLINED, reference: "pi_1" }, "failed"],
    ] as const;
    for (const [end, status] of ends) {
      const [rig, id, charge] = await canceled("stripe", "automatic");
      rig.observe(end, charge);
      await settle();
      await rig.pass(100);
      expect(await cancelAnswer(rig, id)).to.deep.equal([200, status, true]);
      const { payment } = rig.database.rows.at(-1)!.decision;
      expect([payment.cancel, payment.capturedMinor]).to.deep.equal([null, 0n]);
    }
  });

  it("voids an authorization that came all the same, with the cancel's own key", async () => {
    const [rig, id, charge] = await canceled("stripe", "manual");
    rig.observe({ kind: "authorized", reference: "pi_1" }, charge);
    await settle();
    await rig.pass(100);
    const call = rig.calls.at(-1) as GatewayCall;
    expect(call).to.include({ kind: "void", action: "execute", gatewayReference: "pi_1" });
    expect(call.gatewayKey).not.to.equal(charge.gatewayKey);
    rig.observe({ kind: "voided", reference: null }, call);
    await settle();
    expect(await cancelAnswer(rig, id)).to.deep.equal([200, "canceled", true]);
  });

  it("gives a charge back that came all the same, once, and then settles", async () => {
    const [rig, id, charge] = await canceled("stripe", "automatic");
    rig.observe({ kind: "captured", reference: "pi_1" }, charge);
    await settle();
    await rig.pass(100);
    const call = rig.calls.at(-1) as GatewayCall;
    expect(call).to.include({ kind: "refund", action: "execute", amountMinor: 1_000n });
    expect((await cancelAnswer(rig, id))[0]).to.equal(202);
    rig.observe({ kind: "refunded", reference: "re_1" }, call);
    await settle();
    await rig.pass(100);
    expect(await cancelAnswer(rig, id)).to.deep.equal([200, "canceled", true]);
    expect(rig.last.body).to.include({ amount_refunded: 1_000, amount_captured: 1_000 });
    expect(rig.calls.filter(({ kind }) => kind === "refund")).to.have.length(1);
  });

  it("tells people when a charge cannot be given back, and keeps the cancel open", async () => {
    const [rig, id, charge] = await canceled("stripe", "automatic");
    rig.observe({ kind: "captured", reference: "pi_1" }, charge);
    await settle();
    await rig.pass(100);
    rig.observe({ kind: "declined", failure: DECLINED, reference: null });
    await settle();
    await rig.pass(5_000);
    expect((await cancelAnswer(rig, id))[0]).to.equal(202);
    expect(rig.errors.join()).to.include("conflicts");
    expect(rig.calls.filter(({ kind }) => kind === "refund")).to.have.length(1);
  });

  it("settles after people have given the charge back, and shows until then that it needs them", async () => {
    const [rig, id, charge] = await canceled("stripe", "automatic");
    rig.observe({ kind: "captured", reference: "pi_1" }, charge);
    await settle();
    await rig.pass(100);
    await rig.answer({ kind: "declined", failure: DECLINED, reference: null });
    await rig.pass(100);
    rig.get(id);
    await settle();
    expect(rig.last.body["pending"]).to.include({ needs_review: true, cancel_requested: true });
    await rig.modify("refund", id, "by hand");
    rig.get(id);
    await settle();
    expect(rig.last.body["pending"], "while the refund runs").to.include({ needs_review: true });
    await rig.answer({ kind: "refunded", reference: "re_1" });
    await rig.pass(100);
    expect(await cancelAnswer(rig, id)).to.deep.equal([200, "canceled", true]);
    expect(rig.actor.snapshot().openOperations).to.equal(0);
  });

  it("voids however late the authorization shows itself, and goes on when the gateway is away", async () => {
    const [rig, id, charge] = await canceled("stripe", "manual");
    rig.observe({ kind: "unknown", reason: "timeout" }, charge);
    await rig.pass(1_000_000);
    rig.observe({ kind: "authorized", reference: "pi_1" }, charge);
    await settle();
    await rig.pass(5_000);
    const voids = (): GatewayCall[] => rig.calls.filter(({ kind }) => kind === "void");
    expect(voids()).to.have.length(1);
    rig.observe({ kind: "notSubmitted", reason: "refused" }, voids().at(-1));
    await settle();
    await rig.pass(20_000);
    expect(voids().length).to.be.above(1);
    rig.observe({ kind: "voided", reference: null }, voids().at(-1));
    await settle();
    await rig.pass(100);
    expect(await cancelAnswer(rig, id)).to.deep.equal([200, "canceled", true]);
  });

  it("gives a charge back however long the gateway is away", async () => {
    const [rig, id, charge] = await canceled("adyen", "automatic");
    rig.observe({ kind: "captured", reference: "psp" }, charge);
    await settle();
    const answered = new Set<unknown>(rig.calls.filter(({ kind }) => kind !== "refund"));
    await rig.pass(2_000_000, async () => {
      for (const call of rig.calls.filter((one) => !answered.has(one))) {
        answered.add(call);
        rig.observe({ kind: "notSubmitted", reason: "refused" }, call);
      }
      await settle();
    });
    const refunds = rig.calls.filter(({ kind }) => kind === "refund");
    expect(new Set(refunds.map(({ gatewayKey }) => gatewayKey)).size).to.equal(1);
    await rig.pass(3_700_000);
    rig.observe(
      { kind: "refunded", reference: "psp-refund" },
      rig.calls.findLast(({ kind }) => kind === "refund"),
    );
    await settle();
    await rig.pass(100);
    expect(await cancelAnswer(rig, id)).to.deep.equal([200, "canceled", true]);
  });

  it("goes on after a crash at every step, from the database alone", async () => {
    for (const capture of ["manual", "automatic"] as const) {
      for (const crashAfter of [0, 1, 2]) {
        const [first, id, charge] = await canceled("stripe", capture);
        let rig = first;
        let generation = 1n;
        const crash = async (): Promise<void> => {
          rig = await rig.heir(++generation, rig.nowMs);
          await rig.pass(2_000);
        };
        if (crashAfter === 0) await crash();
        rig.observe(
          capture === "manual" ? { kind: "authorized", reference: "pi_1" } : { kind: "captured", reference: "pi_1" },
          charge,
        );
        await settle();
        await rig.pass(100);
        if (crashAfter === 1) await crash();
        const call = rig.calls.findLast(({ kind }) => kind === "void" || kind === "refund") as GatewayCall;
        expect(call, `${capture}, crash after ${crashAfter}`).not.to.equal(undefined);
        rig.observe(
          capture === "manual" ? { kind: "voided", reference: null } : { kind: "refunded", reference: "re" },
          call,
        );
        await settle();
        await rig.pass(100);
        if (crashAfter === 2) await crash();
        const [status, , replayed] = await cancelAnswer(rig, id);
        expect([status, replayed], `${capture}, crash after ${crashAfter}`).to.deep.equal([200, true]);
        expect(rig.actor.snapshot().openOperations).to.equal(0);
        const keys = new Set(
          rig.database.rows
            .map(({ decision }) => decision.payment.operation)
            .filter(({ kind }) => kind === "refund")
            .map(({ id: op }) => op),
        );
        expect(keys.size).to.equal(capture === "manual" ? 0 : 1);
      }
    }
  });

  it("refuses a second cancel with another key while the first one waits", async () => {
    const [rig, id] = await canceled("adyen", "automatic");
    await rig.modify("cancel", id, "y");
    expect([rig.last.status, rig.last.body["code"]]).to.deep.equal([409, "operation_in_doubt"]);
  });

  it("fails at once what never left the machine, and settles", async () => {
    const rig = await Rig.started("adyen");
    await rig.create("k");
    const { paymentId } = rig.calls[0] as GatewayCall;
    await rig.answer({ kind: "notSubmitted", reason: "refused" });
    await rig.modify("cancel", paymentId, "x");
    await rig.pass(1_000);
    expect(rig.calls).to.have.length(1);
    expect(await cancelAnswer(rig, paymentId)).to.deep.equal([200, "failed", true]);
  });
});
