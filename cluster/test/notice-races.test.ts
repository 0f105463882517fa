/** Notices that meet something else of the same payment: a slow read, another notice, an answer, a crash, a cancel. */
import { expect } from "chai";
import { type GatewayCall, type GatewayNotice, noticeKeyOf, receiptOf, type ShardStore } from "../../actors/index.ts";
import { DECLINED, Rig, settle } from "./rig/actor-rig.ts";
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
  refunded,
  stateOf,
  SUCCESS,
} from "./rig/notices.ts";
import { bound } from "./rig/wrapped-stores.ts";

const FAILED_LATE = { kind: "refundReversed", failure: DECLINED } as const;
const REFUSED = { kind: "declined", failure: DECLINED, reference: "ref-a" } as const;

/** A store that has read, or is asked to commit, and waits until the test lets it go on. */
class Slow {
  readonly #waiting: (() => void)[] = [];
  isSlow = false;

  get waiting(): number {
    return this.#waiting.length;
  }
  /** Lets the one go on that waits longest. */
  async goOn(): Promise<void> {
    this.#waiting.shift()?.();
    await settle();
  }
  async here(): Promise<void> {
    if (this.isSlow) await new Promise<void>((goOn) => this.#waiting.push(goOn));
  }
}

/** The next owner of a payment that no longer is in memory, whose store can be made slow. */
async function slowHeir(first: Rig): Promise<{ rig: Rig; reads: Slow; payments: Slow; commits: Slow }> {
  const [reads, payments, commits] = [new Slow(), new Slow(), new Slow()];
  const store = (as: ShardStore): ShardStore => ({
    ...bound(as),
    findOperations: async (ids) => {
      const found = await as.findOperations(ids);
      await reads.here();
      return found;
    },
    findPayments: async (ids) => {
      const found = await as.findPayments(ids);
      await payments.here();
      return found;
    },
    commit: async (lease, batch) => {
      await commits.here();
      return as.commit(lease, batch);
    },
  });
  return { rig: await first.heir(2n, first.nowMs, { store }), reads, payments, commits };
}

/** The actor goes on serving while all that can settle does so: it never drops its memory. */
async function staysServing(rig: Rig): Promise<void> {
  for (let turn = 0; turn < 100; turn++) {
    expect(rig.actor.mode).to.equal("serving");
    await Promise.resolve();
  }
}

describe("shard actor: notices that meet", () => {
  describe("a slow read", () => {
    for (const isCommitSlow of [false, true])
      it(`have it done anew when another of them was written meanwhile${isCommitSlow ? ", slowly" : ""}`, async () => {
        const [first, sale] = await paid("adyen");
        const { rig, reads, commits } = await slowHeir(first);
        reads.isSlow = true;
        commits.isSlow = isCommitSlow;
        const notices = [noticeOf(sale, disputed(null, "needs_response")), noticeOf(sale, disputed("held"))];
        for (const notice of notices) await rig.notify(notice);
        await reads.goOn();
        expect([reads.waiting, commits.waiting]).to.deep.equal([1, isCommitSlow ? 1 : 0]);
        await commits.goOn();
        [reads.isSlow, commits.isSlow] = [false, false];
        void reads.goOn();
        await staysServing(rig);
        expect(notices.map((notice) => stateOf(rig, notice))).to.deep.equal(["processed applied", "processed applied"]);
        expect(paymentOf(rig, sale.paymentId)).to.include({ disputedMinor: 1_000n, version: 4 });
      });

    it("have a merchant's request do it anew when one was written meanwhile", async () => {
      const [first, sale] = await paid("adyen");
      const { rig, payments } = await slowHeir(first);
      payments.isSlow = true;
      await rig.modify("refund", sale.paymentId, "r", { amount: 100 });
      await rig.notify(noticeOf(sale, disputed("held", "needs_response"), { amount: "400" }));
      expect([payments.waiting, paymentOf(rig, sale.paymentId).disputedMinor]).to.deep.equal([1, 400n]);
      payments.isSlow = false;
      void payments.goOn();
      await staysServing(rig);
      expect(newestCall(rig)).to.include({ kind: "refund", action: "execute", amountMinor: 100n });
      expect(paymentOf(rig, sale.paymentId)).to.include({ disputedMinor: 400n, refundingMinor: 100n });
    });
  });

  describe("another notice of the same", () => {
    for (const isHeld of [false, true])
      it(`reverse a refund once, though it was read twice before that, of a payment ${isHeld ? "" : "not "}in memory`, async () => {
        const [first, sale] = await paid("adyen");
        const refund = await refunded(first, sale.paymentId, 300, "a");
        await refunded(first, sale.paymentId, 300, "b");
        const { rig, reads } = await slowHeir(first);
        const other = isHeld ? await later(rig, "refund", sale.paymentId, 50, "c") : undefined;
        reads.isSlow = true;
        const notices = ["REFUND_FAILED", "REFUNDED_REVERSED"].map((type) => noticeOf(refund, FAILED_LATE, { type }));
        for (const notice of notices) await rig.notify(notice);
        await reads.goOn();
        expect([reads.waiting, paymentOf(rig, sale.paymentId).refundedMinor]).to.deep.equal([1, 300n]);
        if (other !== undefined) await rig.notify(noticeOf(other, FAILURE.refund)); // the newest row is of another one
        reads.isSlow = false;
        void reads.goOn();
        await staysServing(rig);
        expect(paymentOf(rig, sale.paymentId).refundedMinor).to.equal(300n);
        expect(notices.map((notice) => stateOf(rig, notice))).to.deep.equal([
          "processed applied",
          "processed no_change",
        ]);
      });

    it("reverse a refund once, though both are confirmed at the same time", async () => {
      const [rig, sale] = await paid("stripe");
      const refund = await refunded(rig, sale.paymentId, 300, "a");
      await refunded(rig, sale.paymentId, 300, "b");
      await rig.notify(noticeOf(refund, FAILURE.refund));
      await rig.notify(noticeOf(refund, FAILURE.refund));
      const questions = rig.calls.slice(-2);
      expect(questions.map(({ action }) => action)).to.deep.equal(["query", "query"]);
      for (const question of questions) {
        rig.observe(REFUSED, question);
        await settle();
      }
      expect(paymentOf(rig, sale.paymentId).refundedMinor).to.equal(300n);
      expect(findingsOf(rig)).to.deep.equal(["D19"]);
    });
  });

  describe("an answer that says something else", () => {
    /** The refund's notice says that it failed; then its call says that it succeeded. */
    async function contradicted(): Promise<{ rig: Rig; sale: GatewayCall; notice: GatewayNotice }> {
      const [rig, sale] = await paid("stripe");
      await rig.modify("refund", sale.paymentId, "a", { amount: 300 });
      const call = newestCall(rig);
      const notice = noticeOf(call, FAILURE.refund);
      await rig.notify(notice);
      rig.observe({ kind: "refunded", reference: "ref-a" }, call);
      await settle();
      expect([paymentOf(rig, sale.paymentId).refundedMinor, stateOf(rig, notice)]).to.deep.equal([
        300n,
        "received confirming",
      ]);
      return { rig, sale, notice };
    }
    for (const [owner, ownerOf] of [
      ["the same actor", async (rig: Rig) => rig],
      ["the next one after a crash", (rig: Rig) => rig.heir(2n, rig.nowMs + 500)],
    ] as const)
      it(`are still asked for by ${owner}`, async () => {
        const { rig: first, sale, notice } = await contradicted();
        const rig = await ownerOf(first);
        const before = rig.calls.length;
        await rig.pass(3_000);
        expect(rig.calls.slice(before).map(({ action }) => action)).to.deep.equal(["query"]);
        await rig.answer(REFUSED);
        expect(paymentOf(rig, sale.paymentId).refundedMinor).to.equal(0n);
        expect(stateOf(rig, notice)).to.equal("processed applied");
      });

    it("are not decided by it when they speak of a dispute, also when the actor is gone then", async () => {
      const [first, charge] = await charging("stripe");
      await first.answer({ kind: "unknown", reason: "timeout" });
      const notice = noticeOf(charge, disputed("held", "needs_response"));
      expect(await first.notify(notice)).to.deep.equal([true]);
      await first.pass(100);
      await first.answer({ kind: "captured", reference: "pi_1" });
      const rig = await first.heir(2n);
      await rig.pass(120_000);
      expect(paymentOf(rig, charge.paymentId).disputedMinor).to.equal(1_000n);
      expect(stateOf(rig, notice)).to.equal("processed applied");
    });

    it("cost one query and at most two rows when they come before the call's own answer", async () => {
      const rows: number[] = [];
      const store = (as: ShardStore): ShardStore => ({
        ...bound(as),
        saveSide: (lease, side) => {
          rows.push(side.notices.length);
          return as.saveSide(lease, side);
        },
      });
      const [rig, charge] = await charging("stripe", "automatic", { store });
      const notice = noticeOf(charge, { kind: "charged" });
      await rig.notify(notice);
      rig.observe({ kind: "captured", reference: "pi_1" }, charge);
      await settle();
      expect(stateOf(rig, notice)).to.equal("processed applied"); // in the commit of the answer
      await rig.pass(60_000);
      expect(rig.actions).to.deep.equal(["prepare", "execute", "query"]);
      expect(rows.reduce((sum, count) => sum + count, 0)).to.be.within(1, 2);
    });
  });

  describe("a move of their slot", () => {
    it("are decided by the shard that keeps a receipt and owns them, and by nobody else's word", async () => {
      const [rig, sale] = await charging("adyen");
      const notice = noticeOf(sale, SUCCESS.sale);
      await rig.notify(notice, 1, { spool: true });
      expect(stateOf(rig, receiptOf(notice))).to.equal("spooled for_another_shard");
      rig.actor.onForwarded(noticeKeyOf(notice), true);
      await rig.pass(2_000);
      expect(stateOf(rig, receiptOf(notice))).to.equal("processed forwarded");
      expect(rig.forwards).to.deep.equal([]);
      expect([paymentOf(rig, sale.paymentId).status, stateOf(rig, notice)]).to.deep.equal([
        "captured",
        "processed applied",
      ]);
    });
  });
});

describe("shard actor: a cancel that meets a charge in the queue", () => {
  it("never lets the charge go once it was acknowledged", async () => {
    const rig = await Rig.started("adyen", { budget: { callsPerSecond: null, callsInFlight: 1 } });
    await rig.create("sent");
    await rig.create("queued");
    expect(rig.calls).to.have.length(1);
    const { id } = rig.database.rows.at(-1)!.decision.payment.terms;
    await rig.modify("cancel", id, "x");
    expect(rig.last.status).to.equal(202);
    await rig.answer({ kind: "captured", reference: "PSP1" });
    await rig.pass(60_000);
    expect(rig.calls.filter(({ paymentId, action }) => paymentId === id && action === "execute")).to.deep.equal([]);
  });
});
