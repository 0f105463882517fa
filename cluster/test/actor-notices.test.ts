/** What gateways tell unasked: once, in any order, late, or about nothing that we know (faults.md H rows). */
import { expect } from "chai";
import { SLOT_COUNT } from "../../actors/domain/index.ts";
import {
  contentOf,
  type GatewayCall,
  type NoticeClaim,
  noticeKeyOf,
  receiptOf,
  type ShardStore,
} from "../../actors/index.ts";
import { memoryDatabase } from "../../storage/index.ts";
import { DECLINED, Rig, settle } from "./rig/actor-rig.ts";
import { bound } from "./rig/wrapped-stores.ts";
import {
  charging,
  disputed,
  FAILURE,
  findingsOf,
  later,
  noticeOf,
  paid,
  paymentOf,
  refused,
  stateOf,
  strangeOperation,
  SUCCESS,
} from "./rig/notices.ts";

describe("shard actor: notices of gateways", () => {
  describe("about an open operation at a gateway that cannot be asked", () => {
    for (const capture of ["automatic", "manual"] as const)
      it(`ends a payment with capture_method ${capture}, and answers who waits`, async () => {
        const [rig, call] = await charging("adyen", capture);
        const notice = noticeOf(call, SUCCESS[call.kind]);
        expect(await rig.notify(notice)).to.deep.equal([true]);
        expect(rig.last.status).to.equal(201);
        expect(paymentOf(rig, call.paymentId).status).to.equal(capture === "manual" ? "authorized" : "captured");
        expect(stateOf(rig, notice)).to.equal("processed applied");
      });
    it("declines it", async () => {
      const [rig, call] = await charging("adyen");
      await rig.notify(noticeOf(call, FAILURE.sale));
      expect([rig.last.status, paymentOf(rig, call.paymentId).status]).to.deep.equal([402, "failed"]);
    });
    it("writes row and effect in one commit", async () => {
      const [rig, call] = await charging("adyen");
      const rows = rig.database.rows.length;
      rig.database.nextOutcomes.push({ kind: "rejected", sqlState: "23514", constraint: null });
      const notice = noticeOf(call, SUCCESS.sale);
      await rig.notify(notice);
      expect(rig.database.rows.length).to.equal(rows);
      expect(stateOf(rig, notice)).to.not.equal("processed applied");
    });
    for (const [name, more] of [
      ["another amount", { amount: "1001" }],
      ["another currency", { currency: "USD" }],
    ] as const)
      it(`posts nothing for ${name}, and says so`, async () => {
        const [rig, call] = await charging("adyen");
        const notice = noticeOf(call, SUCCESS.sale, more);
        expect(await rig.notify(notice)).to.deep.equal([true]);
        const payment = paymentOf(rig, call.paymentId);
        expect([payment.status, payment.operation.needsReview]).to.deep.equal(["pending", true]);
        expect(stateOf(rig, notice)).to.equal("processed conflicted");
        expect(findingsOf(rig)).to.deep.equal([name === "another amount" ? "D05" : "D06"]);
      });
    for (const [kind, claim, ends] of [
      ["capture", SUCCESS.capture, { status: "captured", captured: 700n, refunded: 0n }],
      ["capture", FAILURE.capture, { status: "authorized", captured: 0n, refunded: 0n }],
      ["cancel", SUCCESS.void, { status: "canceled", captured: 0n, refunded: 0n }],
      ["cancel", FAILURE.void, { status: "authorized", captured: 0n, refunded: 0n }],
    ] as const)
      it(`ends a ${kind}: ${claim.kind}`, async () => {
        const [rig, { paymentId }] = await paid("adyen", "manual");
        const call = await later(rig, kind, paymentId, kind === "capture" ? 700 : undefined);
        await rig.notify(noticeOf(call, claim));
        const { status, capturedMinor: captured, refundedMinor: refunded } = paymentOf(rig, paymentId);
        expect({ status, captured, refunded }).to.deep.equal(ends);
      });
    for (const [claim, refunded] of [
      [SUCCESS.refund, 300n],
      [FAILURE.refund, 0n],
    ] as const)
      it(`ends a refund: ${claim.kind}`, async () => {
        const [rig, { paymentId }] = await paid("adyen");
        const call = await later(rig, "refund", paymentId, 300);
        await rig.notify(noticeOf(call, claim));
        const payment = paymentOf(rig, paymentId);
        expect([payment.refundedMinor, payment.refundingMinor]).to.deep.equal([refunded, 0n]);
      });
    it("waits with what can only come after its end", async () => {
      const [rig, call] = await charging("adyen");
      const early = noticeOf(call, { kind: "captureReversed", failure: DECLINED });
      expect(await rig.notify(early)).to.deep.equal([true]);
      expect(stateOf(rig, early)).to.equal("received operation_busy");
      await rig.notify(noticeOf(call, SUCCESS.sale));
      await rig.pass(3_000);
      expect(paymentOf(rig, call.paymentId).capturedMinor).to.equal(0n);
      expect(stateOf(rig, early)).to.equal("processed applied");
    });
  });

  describe("at a gateway that can be asked", () => {
    it("is a hint: the object decides, and with it the row", async () => {
      const [rig, call] = await charging("stripe");
      rig.observe({ kind: "unknown", reason: "timeout" }, call);
      await settle();
      const notice = noticeOf(call, { kind: "charged" });
      expect(await rig.notify(notice)).to.deep.equal([true]);
      expect([paymentOf(rig, call.paymentId).status, stateOf(rig, notice)]).to.deep.equal([
        "pending",
        "received confirming",
      ]);
      await rig.pass(100);
      expect(rig.calls.at(-1)?.action).to.equal("query");
      await rig.answer({ kind: "captured", reference: "pi_1" });
      expect([paymentOf(rig, call.paymentId).status, stateOf(rig, notice)]).to.deep.equal([
        "captured",
        "processed applied",
      ]);
    });
    it("is read beside a call that hangs", async () => {
      const [rig, call] = await charging("stripe");
      await rig.notify(noticeOf(call, { kind: "charged" }));
      expect([rig.calls.at(-1)?.action, rig.calls.at(-2)?.action]).to.deep.equal(["query", "execute"]);
      await rig.answer({ kind: "undecided", reference: "pi_1" }); // it proves nothing while the call is out
      expect(paymentOf(rig, call.paymentId).status).to.equal("pending");
      await rig.notify(noticeOf(call, { kind: "charged" }));
      await rig.answer({ kind: "captured", reference: "pi_1" });
      expect([rig.last.status, paymentOf(rig, call.paymentId).status]).to.deep.equal([201, "captured"]);
      rig.observe({ kind: "captured", reference: "pi_1" }, call);
      await settle();
      expect(paymentOf(rig, call.paymentId).version).to.equal(3);
    });
    it("never charges twice for a notice that lies", async () => {
      const [rig, call] = await charging("stripe");
      rig.observe({ kind: "unknown", reason: "timeout" }, call);
      await settle();
      await rig.notify(noticeOf(call, { kind: "charged" }));
      await rig.pass(100);
      await rig.answer({ kind: "undecided", reference: "pi_1" });
      expect(paymentOf(rig, call.paymentId).status).to.equal("pending");
    });
    it("confirms a late success before it believes it", async () => {
      const [rig, call] = await refused("stripe");
      const lie = noticeOf(call, { kind: "charged" });
      await rig.notify(lie);
      expect(rig.calls.at(-1)?.action).to.equal("query");
      await rig.answer({ kind: "declined", failure: DECLINED, reference: "pi_1" });
      expect([paymentOf(rig, call.paymentId).status, stateOf(rig, lie)]).to.deep.equal([
        "failed",
        "processed no_change",
      ]);
    });
  });

  describe("that come late", () => {
    for (const gateway of ["stripe", "adyen"] as const) {
      it(`a charge of a failed sale is given back at ${gateway}, and ends canceled`, async () => {
        const [rig, call] = await refused(gateway);
        expect(rig.last.status).to.equal(402);
        const notice = noticeOf(call, { kind: gateway === "stripe" ? "charged" : "authorized" });
        await rig.notify(notice);
        if (gateway === "stripe") await rig.answer({ kind: "captured", reference: "pi_1" });
        expect(findingsOf(rig)).to.deep.equal(["D03"]);
        const refund = rig.calls.at(-1) as GatewayCall;
        expect([refund.kind, refund.action, refund.amountMinor]).to.deep.equal(["refund", "execute", 1_000n]);
        expect(stateOf(rig, notice)).to.equal("processed applied");
        if (gateway === "stripe") await rig.answer({ kind: "refunded", reference: "re_1" });
        else {
          await rig.answer({ kind: "processing", reference: "PSP1-refund" });
          await rig.notify(noticeOf(refund, SUCCESS.refund));
        }
        const { status, capturedMinor, refundedMinor, cancel } = paymentOf(rig, call.paymentId);
        expect([status, capturedMinor, refundedMinor, cancel]).to.deep.equal(["canceled", 1_000n, 1_000n, null]);
        expect([...rig.database.side.findings.values()].map(({ resolved }) => resolved?.by)).to.deep.equal([
          "compensation",
        ]);
      });

      it(`an authorization of a failed payment is voided at ${gateway}`, async () => {
        const [rig, call] = await refused(gateway, "manual");
        await rig.notify(noticeOf(call, { kind: "authorized" }));
        if (gateway === "stripe") await rig.answer({ kind: "authorized", reference: "pi_1" });
        const release = rig.calls.at(-1) as GatewayCall;
        expect([release.kind, release.action]).to.deep.equal(["void", "execute"]);
        if (gateway === "stripe") await rig.answer({ kind: "voided", reference: null });
        else await rig.notify(noticeOf(release, SUCCESS.void));
        expect(paymentOf(rig, call.paymentId).status).to.equal("canceled");
      });
    }

    it("a compensation that is owed survives its actor", async () => {
      // The fact is written, the intent to give back is not.
      const store = (as: ShardStore): ShardStore => ({
        ...bound(as),
        commit: (lease, batch) =>
          batch.decisions.some(({ entry }) => entry.cause === "compensation")
            ? Promise.resolve({ kind: "unavailable", reason: "test" })
            : as.commit(lease, batch),
      });
      const rig = await Rig.started("adyen", { store });
      await rig.create("k", { amount: 1_000 });
      const call = rig.calls.at(-1) as GatewayCall;
      await rig.answer({ kind: "declined", failure: DECLINED, reference: "PSP1" });
      const notice = noticeOf(call, SUCCESS.sale);
      await rig.notify(notice);
      expect(stateOf(rig, notice)).to.equal("received applied");
      const heir = await rig.heir(2n);
      await heir.pass(2_000);
      const refunds = heir.calls.filter(({ kind }) => kind === "refund");
      expect(refunds.map(({ amountMinor }) => amountMinor)).to.deep.equal([1_000n]);
      expect(stateOf(heir, notice)).to.equal("processed applied");
    });

    it("a capture that fails late is reversed, and a refund that does too", async () => {
      const [rig, call] = await paid("adyen");
      await rig.notify(noticeOf(call, { kind: "captureReversed", failure: DECLINED }));
      expect(paymentOf(rig, call.paymentId).capturedMinor).to.equal(0n);
      const [other, sold] = await paid("adyen");
      const refund = await later(other, "refund", sold.paymentId, 300);
      await other.notify(noticeOf(refund, SUCCESS.refund));
      await other.notify(noticeOf(refund, { kind: "refundReversed", failure: DECLINED }));
      const { refundedMinor, refundingMinor } = paymentOf(other, sold.paymentId);
      expect([refundedMinor, refundingMinor]).to.deep.equal([0n, 0n]);
      expect([...findingsOf(rig), ...findingsOf(other)]).to.deep.equal(["D01", "D19"]);
    });

    it("a late refusal undoes no success", async () => {
      const [rig, call] = await paid("adyen");
      const notice = noticeOf(call, FAILURE.sale);
      expect(await rig.notify(notice)).to.deep.equal([true]);
      expect([paymentOf(rig, call.paymentId).status, stateOf(rig, notice)]).to.deep.equal([
        "captured",
        "parked forbidden",
      ]);
      await rig.pass(120_000);
      expect([paymentOf(rig, call.paymentId).status, findingsOf(rig)]).to.deep.equal(["captured", ["D10"]]);
    });

    it("an authorization expires", async () => {
      const [rig, call] = await paid("adyen", "manual");
      await rig.notify(noticeOf(call, { kind: "expired" }));
      expect(paymentOf(rig, call.paymentId).status).to.equal("expired");
    });

    for (const gateway of ["stripe", "adyen"] as const)
      for (const end of ["released", "lost"] as const)
        it(`a dispute is held and ${end} at ${gateway}`, async () => {
          const [rig, call] = await paid(gateway);
          await rig.notify(noticeOf(call, disputed(null)));
          await rig.notify(noticeOf(call, disputed("held")));
          expect(paymentOf(rig, call.paymentId).disputedMinor).to.equal(1_000n);
          await rig.notify(noticeOf(call, disputed(end)));
          const payment = paymentOf(rig, call.paymentId);
          expect([payment.disputedMinor, payment.dispute?.funds]).to.deep.equal([end === "lost" ? 1_000n : 0n, end]);
          expect(findingsOf(rig)).to.deep.equal([]);
        });
  });

  describe("that come again, or are not ours", () => {
    it("H1: a hundred at once, and again the next day, have one effect", async () => {
      const [rig, call] = await charging("adyen");
      const notice = noticeOf(call, SUCCESS.sale);
      expect(await rig.notify(notice, 100)).to.deep.equal(Array.from({ length: 100 }, () => true));
      const { version } = paymentOf(rig, call.paymentId);
      const heir = await rig.heir(2n, rig.nowMs + 86_400_000);
      expect(await heir.notify(notice)).to.deep.equal([true]);
      expect(paymentOf(heir, call.paymentId).version).to.equal(version);
    });

    it("H4: of an unknown payment are parked, reported after their grace, and applied when it turns up", async () => {
      const [rig, call] = await paid("adyen");
      const notice = noticeOf(call, SUCCESS.sale, { operationId: strangeOperation });
      expect(await rig.notify(notice)).to.deep.equal([true]);
      expect([stateOf(rig, notice), findingsOf(rig)]).to.deep.equal(["parked unknown_payment", []]);
      await rig.pass(120_000);
      expect(findingsOf(rig)).to.deep.equal(["D02"]);
    });

    it("that name nothing of ours are asked for at the gateway", async () => {
      const [rig, call] = await paid("stripe");
      const claim: NoticeClaim = { kind: "dispute", reference: "dp_1", state: "needs_response", funds: "held" };
      const notice = noticeOf(call, claim, { operationId: null, amount: "1000" });
      expect(await rig.notify(notice)).to.deep.equal([true]);
      const question = rig.calls.at(-1) as GatewayCall;
      expect([question.action, question.gatewayReference]).to.deep.equal(["identify", "pi_1"]);
      const { operationId, paymentId } = call;
      await rig.answer({ kind: "identified", operationId, paymentId });
      expect(paymentOf(rig, call.paymentId).disputedMinor).to.equal(1_000n);
      expect(stateOf(rig, notice)).to.equal("processed applied");
    });

    it("of another account have no effect", async () => {
      const [rig, call] = await charging("adyen");
      const notice = noticeOf(call, SUCCESS.sale, { account: "b" });
      expect(await rig.notify(notice)).to.deep.equal([true]);
      expect([paymentOf(rig, call.paymentId).status, stateOf(rig, notice)]).to.deep.equal([
        "pending",
        "quarantined not_ours",
      ]);
    });

    it("are not taken by an actor that does not own their slot, unless it is to keep a receipt", async () => {
      const [rig, call] = await charging("adyen");
      const notice = noticeOf(call, SUCCESS.sale);
      await rig.actor.drain(0);
      expect(await rig.notify(notice)).to.deep.equal([false]);
    });

    it("H6: a spooled one is handed over, and forgotten once it was taken", async () => {
      const elsewhere = SLOT_COUNT - 1;
      const rig = new Rig("adyen", memoryDatabase(Array.from({ length: elsewhere }, (_, slot) => slot)));
      await rig.actor.start();
      await rig.create("k", { amount: 1_000 });
      const notice = noticeOf(rig.calls.at(-1) as GatewayCall, SUCCESS.sale);
      expect(await rig.notify(notice, 1, { spool: true, slot: elsewhere })).to.deep.equal([true]);
      const receipt = receiptOf(notice);
      expect(stateOf(rig, receipt)).to.equal("spooled for_another_shard");
      await rig.pass(2_000);
      expect(rig.forwards.map((row) => contentOf(row.notice))).to.deep.equal([notice]);
      rig.actor.onForwarded(noticeKeyOf(receipt), false);
      await rig.pass(5_000);
      expect(rig.forwards).to.have.length(2);
      rig.actor.onForwarded(noticeKeyOf(receipt), true);
      await settle();
      expect(stateOf(rig, receipt)).to.equal("processed forwarded");
    });

    it("H6: a receipt never stands for the notice, at the shard either that it is for after all", async () => {
      for (const isForwardedFirst of [false, true]) {
        const [rig, call] = await charging("adyen");
        const notice = noticeOf(call, SUCCESS.sale);
        // The slot that its first delivery was counted to is not this shard's; that of what it speaks of is.
        await rig.notify(notice, 1, { spool: true, slot: -1 });
        await rig.pass(2_000);
        const receipt = noticeKeyOf(receiptOf(notice));
        if (isForwardedFirst) rig.actor.onForwarded(receipt, true);
        await settle();
        expect(await rig.notify(notice)).to.deep.equal([true]);
        expect([paymentOf(rig, call.paymentId).status, stateOf(rig, notice)]).to.deep.equal([
          "captured",
          "processed applied",
        ]);
      }
    });

    it("are not taken while the database does not say so", async () => {
      const [rig, call] = await charging("adyen");
      rig.database.nextOutcomes.push({ kind: "unknown", written: false });
      const notice = noticeOf(call, SUCCESS.sale);
      expect(await rig.notify(notice)).to.deep.equal([false]);
      await rig.pass(100);
      expect(await rig.notify(notice)).to.deep.equal([true]);
      expect(paymentOf(rig, call.paymentId).status).to.equal("captured");
    });
  });
});
