/** Notices that come after their operation's end: what each may still change, and what it leaves to people (gateways.md §1.6). */
import { expect } from "chai";
import type { DisputeState, PaymentId } from "../../actors/domain/index.ts";
import type { GatewayCall } from "../../actors/index.ts";
import { DECLINED, type Rig } from "./rig/actor-rig.ts";
import {
  charging,
  disputed,
  FAILURE,
  findingsOf,
  later,
  newestCall,
  noticeOf,
  paid,
  paymentOf,
  refused,
  stateOf,
  SUCCESS,
} from "./rig/notices.ts";

/** Longer than any grace: people would have been told by now. */
const GRACE_MS = 120_000;
const disputedMinorOf = (rig: Rig, id: PaymentId): bigint => paymentOf(rig, id).disputedMinor;

describe("shard actor: late notices", () => {
  describe("of what is being given back", () => {
    it("a late authorization is explained once its void has succeeded", async () => {
      const [rig, hold] = await refused("adyen", "manual");
      await rig.notify(noticeOf(hold, SUCCESS.authorize));
      expect(findingsOf(rig)).to.deep.equal(["D03"]);
      const release = newestCall(rig);
      await rig.answer({ kind: "processing", reference: "PSP1-void" });
      await rig.notify(noticeOf(release, SUCCESS.void));
      expect(paymentOf(rig, hold.paymentId).status).to.equal("canceled");
      expect(findingsOf(rig)).to.deep.equal(["D03 resolved"]);
    });

    it("a late authorization whose void is refused is left to people, who are told", async () => {
      const [rig, hold] = await refused("adyen", "manual");
      await rig.notify(noticeOf(hold, SUCCESS.authorize));
      const release = newestCall(rig);
      await rig.answer({ kind: "processing", reference: "PSP1-void" });
      await rig.notify(noticeOf(release, FAILURE.void));
      await rig.pass(GRACE_MS);
      expect(newestCall(rig), "nothing more is tried").to.equal(release);
      expect(paymentOf(rig, hold.paymentId).status).to.equal("authorized");
      expect(findingsOf(rig)).to.deep.equal(["D03", "D07"]);
    });

    it("a refund that gave a late charge back may itself fail late", async () => {
      const [rig, sale] = await refused("adyen");
      await rig.notify(noticeOf(sale, SUCCESS.sale));
      const refund = newestCall(rig);
      await rig.answer({ kind: "processing", reference: "PSP1-refund" });
      await rig.notify(noticeOf(refund, SUCCESS.refund));
      expect([paymentOf(rig, sale.paymentId).status, ...findingsOf(rig)]).to.deep.equal(["canceled", "D03 resolved"]);
      const notice = noticeOf(refund, { kind: "refundReversed", failure: DECLINED });
      await rig.notify(notice);
      const { status, capturedMinor, refundedMinor } = paymentOf(rig, sale.paymentId);
      expect([status, capturedMinor, refundedMinor]).to.deep.equal(["canceled", 1_000n, 0n]);
      expect([stateOf(rig, notice), ...findingsOf(rig)]).to.deep.equal(["processed applied", "D03 resolved", "D19"]);
    });
  });

  describe("of a dispute", () => {
    it("hold what the notice of the holding says, whatever was announced", async () => {
      const [rig, sale] = await paid("adyen");
      await rig.notify(noticeOf(sale, disputed(null, "needs_response"), { amount: "400" }));
      await rig.notify(noticeOf(sale, disputed("held")));
      expect(disputedMinorOf(rig, sale.paymentId)).to.equal(1_000n);
      expect(findingsOf(rig)).to.deep.equal([]);
    });

    it("release nothing when they name another amount than what is held", async () => {
      const [rig, sale] = await paid("adyen");
      await rig.notify(noticeOf(sale, disputed("held")));
      const notice = noticeOf(sale, disputed("released"), { amount: "400" });
      await rig.notify(notice);
      expect(disputedMinorOf(rig, sale.paymentId)).to.equal(1_000n);
      expect([stateOf(rig, notice), ...findingsOf(rig)]).to.deep.equal(["processed conflicted", "D05"]);
    });

    for (const [gateway, reference] of [
      ["stripe", "dp_2"],
      ["adyen", "dp_1"],
    ] as const)
      it(`post nothing for a second one after a decided one at ${gateway}: people are told`, async () => {
        const [rig, sale] = await paid(gateway);
        await rig.notify(noticeOf(sale, disputed("held")));
        await rig.notify(noticeOf(sale, disputed("released")));
        const second = noticeOf(sale, disputed("held", null, reference));
        expect(await rig.notify(second)).to.deep.equal([true]);
        await rig.pass(GRACE_MS);
        expect(disputedMinorOf(rig, sale.paymentId)).to.equal(0n);
        expect([stateOf(rig, second), ...findingsOf(rig)]).to.deep.equal(["parked forbidden", "D21"]);
      });

    const labels: readonly (readonly [readonly DisputeState[], DisputeState])[] = [
      [["needs_response", "under_review", "won"], "won"],
      [["won", "under_review", "needs_response"], "won"],
      [["needs_response", "won", "lost"], "won"], // ends are equal: the first one stays
      [["under_review", "needs_response"], "under_review"],
    ];
    for (const [states, label] of labels)
      it(`never take its label back: ${states.join(", ")}`, async () => {
        const [rig, sale] = await paid("stripe");
        for (const state of states) await rig.notify(noticeOf(sale, disputed(null, state)));
        expect(paymentOf(rig, sale.paymentId).dispute?.state).to.equal(label);
      });

    it("leave nothing of the payment in memory", async () => {
      const [first, sale] = await paid("adyen");
      const rig = await first.heir(2n);
      for (const state of ["needs_response", "under_review", "won"] as const)
        await rig.notify(noticeOf(sale, disputed(null, state)));
      await rig.notify(noticeOf(sale, FAILURE.sale)); // it waits: the machine has no place for it
      expect(rig.actor.snapshot()).to.include({ remembered: 0, notices: 1 });
      await rig.pass(GRACE_MS);
      expect(rig.actor.snapshot()).to.include({ remembered: 0, notices: 1 });
    });
  });

  describe("that we did not cause", () => {
    it("a refund without a name of ours is nobody's, though it is of a payment of ours: people are told", async () => {
      const [rig, sale] = await paid("stripe");
      const calls = rig.calls.length;
      const notice = noticeOf(sale, SUCCESS.refund, { operationId: null, reference: "re_dashboard" });
      expect(await rig.notify(notice)).to.deep.equal([true]);
      await rig.pass(GRACE_MS);
      expect(rig.calls).to.have.length(calls);
      expect(paymentOf(rig, sale.paymentId).refundedMinor).to.equal(0n);
      expect([stateOf(rig, notice), ...findingsOf(rig)]).to.deep.equal(["parked unknown_payment", "D02"]);
    });

    it("an object that its gateway says is nobody's of ours is reported", async () => {
      const [rig, sale] = await paid("stripe");
      const more = { operationId: null, paymentReference: "pi_other" };
      const notice = noticeOf(sale, disputed("held", "needs_response"), more);
      expect(await rig.notify(notice)).to.deep.equal([true]);
      const asked = new Set<GatewayCall>();
      const tell = async (): Promise<void> => {
        const question = newestCall(rig);
        if (question.action !== "identify" || asked.has(question)) return;
        asked.add(question);
        await rig.answer({ kind: "identified", operationId: null, paymentId: null });
      };
      await tell();
      await rig.pass(GRACE_MS, tell);
      expect(disputedMinorOf(rig, sale.paymentId)).to.equal(0n);
      expect([stateOf(rig, notice), ...findingsOf(rig)]).to.deep.equal(["parked unknown_payment", "D02"]);
    });
  });

  describe("that say what has been undone since, or is so already", () => {
    it("the authorization of a sale whose capture has failed brings no charge back", async () => {
      const [rig, sale] = await paid("adyen");
      await rig.notify(noticeOf(sale, { kind: "captureReversed", failure: DECLINED }));
      const notice = noticeOf(sale, SUCCESS.sale);
      await rig.notify(notice);
      await rig.pass(GRACE_MS);
      expect(newestCall(rig), "nothing is given back").to.include({ kind: "sale" });
      expect(paymentOf(rig, sale.paymentId).capturedMinor).to.equal(0n);
      expect([stateOf(rig, notice), ...findingsOf(rig)]).to.deep.equal(["processed no_change", "D01"]);
    });

    it("the rest of a captured authorization may expire", async () => {
      const [rig, hold] = await paid("adyen", "manual");
      const capture = await later(rig, "capture", hold.paymentId, 700);
      await rig.notify(noticeOf(capture, SUCCESS.capture));
      const notice = noticeOf(hold, { kind: "expired" }, { amount: "300" });
      await rig.notify(notice);
      expect([paymentOf(rig, hold.paymentId).status, stateOf(rig, notice)]).to.deep.equal([
        "captured",
        "processed no_change",
      ]);
      expect(findingsOf(rig)).to.deep.equal([]);
    });

    it("what was reported as overdue is explained by the outcome", async () => {
      const [rig, sale] = await charging("adyen");
      await rig.answer({ kind: "unknown", reason: "timeout" });
      await rig.pass(1_000_000);
      expect(findingsOf(rig)).to.deep.equal(["D08"]);
      await rig.notify(noticeOf(sale, SUCCESS.sale));
      expect(paymentOf(rig, sale.paymentId).status).to.equal("captured");
      expect(findingsOf(rig)).to.deep.equal(["D08 resolved"]);
    });
  });

  describe("of a charge that a technical cancel has called off", () => {
    for (const [capture, place] of [
      ["manual", "before"],
      ["manual", "after"],
      ["automatic", "after"],
    ] as const)
      it(`come ${place} the cancel's own, capture_method ${capture}: the payment ends canceled`, async () => {
        const [rig, charge] = await charging("adyen", capture);
        await rig.modify("cancel", charge.paymentId, "x");
        rig.observe({ kind: "unknown", reason: "timeout" }, charge);
        await rig.pass(30_000);
        await rig.answer({ kind: "processing", reference: null });
        const named = { ...charge, gatewayReference: "PSP1" };
        const notices = [noticeOf(named, SUCCESS[charge.kind]), noticeOf(named, SUCCESS.void)];
        for (const notice of place === "before" ? notices : notices.toReversed()) await rig.notify(notice);
        const own = rig.calls.find(({ kind }) => kind === "void");
        if (own !== undefined) await rig.notify(noticeOf(own, FAILURE.void)); // nothing was left to void
        await rig.pass(GRACE_MS);
        const { status, capturedMinor, cancel } = paymentOf(rig, charge.paymentId);
        expect([status, capturedMinor, cancel]).to.deep.equal(["canceled", 0n, null]);
        expect(rig.calls.filter(({ kind }) => kind === "refund")).to.deep.equal([]);
        expect(findingsOf(rig)).to.deep.equal([]);
      });
  });
});
