/**
 * Adyen's technical cancel bears the payment's own reference: what it tells is about the cancel that waits, and a refusal
 * of it says nothing of the charge (gateways.md §1.5, §3.2).
 */
import { expect } from "chai";
import type { PaymentId } from "../../actors/domain/index.ts";
import type { GatewayCall } from "../../actors/index.ts";
import { FAILURE, noticeOf, SUCCESS } from "./rig/notices.ts";
import { Rig } from "./rig/actor-rig.ts";

const REFERENCE = "PSP1";

/** A payment in doubt whose cancel was asked for, and whose technical cancel Adyen has received. */
async function calledOff(capture: "manual" | "automatic"): Promise<[Rig, GatewayCall]> {
  const rig = await Rig.started("adyen");
  await rig.create("k", { amount: 1_000, capture_method: capture });
  const charge = { ...(rig.calls.at(-1) as GatewayCall), gatewayReference: REFERENCE };
  await rig.modify("cancel", charge.paymentId, "x");
  rig.observe({ kind: "unknown", reason: "timeout" }, charge);
  await rig.pass(30_000);
  expect(rig.calls.at(-1)?.action).to.equal("abandon");
  await rig.answer({ kind: "processing", reference: null });
  return [rig, charge];
}

const paymentOf = (rig: Rig, id: PaymentId) =>
  rig.database.rows.findLast(({ decision }) => decision.payment.terms.id === id)!.decision.payment;
const statesOf = (rig: Rig): string[] =>
  [...rig.database.side.notices.values()].map(({ notice, state, verdict }) => `${notice.type} ${state} ${verdict}`);
const callOf = (rig: Rig, kind: GatewayCall["kind"]): GatewayCall => rig.calls.findLast((call) => call.kind === kind)!;

async function expectCanceled(rig: Rig, id: PaymentId): Promise<void> {
  await rig.pass(120_000); // people would have been told by now
  await rig.modify("cancel", id, "x");
  expect([rig.last.status, rig.last.body["status"], rig.last.body["pending"]]).to.deep.equal([200, "canceled", null]);
  expect([...rig.database.side.findings.values()].map(({ finding }) => finding.class)).to.deep.equal([]);
}

describe("shard actor: technical cancels at Adyen", () => {
  it("one that has released a hold ends the void that was begun meanwhile", async () => {
    const [rig, charge] = await calledOff("manual");
    await rig.notify(noticeOf(charge, SUCCESS.authorize));
    const voiding = callOf(rig, "void");
    await rig.answer({ kind: "processing", reference: "PSP1-void" });
    await rig.notify(noticeOf(charge, SUCCESS.void)); // TECHNICAL_CANCEL true
    expect(paymentOf(rig, charge.paymentId).status).to.equal("canceled");
    await rig.notify(noticeOf(voiding, FAILURE.void)); // CANCELLATION false: nothing was left to void
    await expectCanceled(rig, charge.paymentId);
    expect(statesOf(rig)).to.deep.equal([
      "authorized processed applied",
      "voided processed applied",
      "voidFailed processed no_change",
    ]);
  });

  it("one in vain, for the money was taken already, tells nothing: the charge is given back", async () => {
    const [rig, charge] = await calledOff("automatic");
    await rig.notify(noticeOf(charge, SUCCESS.sale));
    await rig.notify(noticeOf(charge, FAILURE.void)); // TECHNICAL_CANCEL false
    const refund = callOf(rig, "refund");
    await rig.answer({ kind: "processing", reference: "PSP1-refund" });
    await rig.notify(noticeOf(refund, SUCCESS.refund));
    await expectCanceled(rig, charge.paymentId);
  });

  for (const capture of ["manual", "automatic"] as const)
    it(`one in vain before anything is known of the charge decides nothing, capture_method ${capture}`, async () => {
      const [rig, charge] = await calledOff(capture);
      await rig.notify(noticeOf(charge, FAILURE.void));
      expect(statesOf(rig)).to.deep.equal(["voidFailed processed no_change"]);
      expect(paymentOf(rig, charge.paymentId).status).to.equal("pending");
      await rig.notify(noticeOf(charge, FAILURE[charge.kind]));
      expect(paymentOf(rig, charge.paymentId).status).to.equal("failed");
    });

  it("one that comes before anything else ends the payment", async () => {
    const [rig, charge] = await calledOff("manual");
    await rig.notify(noticeOf(charge, SUCCESS.void));
    await expectCanceled(rig, charge.paymentId);
  });
});
