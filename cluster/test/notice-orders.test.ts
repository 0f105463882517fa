/** Every order of up to six notices, each of them twice, ends in one state (faults.md H2, I22). */
import { expect } from "chai";
import type { PaymentId } from "../../actors/domain/index.ts";
import type { GatewayCall, GatewayNotice, GatewayObservation } from "../../actors/index.ts";
import { DECLINED, type Rig, settle } from "./rig/actor-rig.ts";
import { disputed, FAILURE, later, noticeOf, paid, paymentOf, SUCCESS } from "./rig/notices.ts";

/** A payment with open operations, what is told of it, and what the gateway says when asked. */
interface Scene {
  readonly rig: Rig;
  readonly id: PaymentId;
  readonly notices: readonly GatewayNotice[];
  readonly truth: (call: GatewayCall) => GatewayObservation;
}

const never = (): GatewayObservation => {
  throw new Error("this gateway cannot be asked");
};

const SCENES: Readonly<Record<string, () => Promise<Scene>>> = {
  "refunds that succeed, fail and fail late, and a dispute, at adyen": async () => {
    const [rig, sale] = await paid("adyen");
    const id = sale.paymentId;
    const refunds = [
      await later(rig, "refund", id, 300, "a"),
      await later(rig, "refund", id, 200, "b"),
      await later(rig, "refund", id, 100, "c"),
    ];
    const [first, second, third] = refunds as [GatewayCall, GatewayCall, GatewayCall];
    const notices = [
      noticeOf(first, SUCCESS.refund),
      noticeOf(second, SUCCESS.refund),
      noticeOf(second, { kind: "refundReversed", failure: DECLINED }),
      noticeOf(third, FAILURE.refund),
      noticeOf(sale, disputed("held", "needs_response")),
      noticeOf(sale, disputed("released", "won")),
    ];
    return { rig, id, notices, truth: never };
  },
  "a capture that fails late, beside what is known already, at adyen": async () => {
    const [rig, hold] = await paid("adyen", "manual");
    const id = hold.paymentId;
    const capture = await later(rig, "capture", id, 700, "a");
    const notices = [
      noticeOf(hold, SUCCESS.authorize),
      noticeOf(capture, SUCCESS.capture),
      noticeOf(capture, { kind: "captureReversed", failure: DECLINED }),
      noticeOf(hold, { kind: "expired" }),
    ];
    return { rig, id, notices, truth: never };
  },
  "all that is told of a dispute, at adyen": async () => {
    const [rig, sale] = await paid("adyen");
    const notices = [
      noticeOf(sale, disputed(null, "needs_response"), { amount: "400" }),
      noticeOf(sale, disputed("held")),
      noticeOf(sale, disputed(null, "under_review")),
      noticeOf(sale, disputed("released", "won")),
    ];
    return { rig, id: sale.paymentId, notices, truth: never };
  },
  "hints about refunds and a charge, and a dispute, at stripe": async () => {
    const [rig, sale] = await paid("stripe");
    const id = sale.paymentId;
    const first = await later(rig, "refund", id, 300, "a");
    const second = await later(rig, "refund", id, 200, "b");
    const notices = [
      noticeOf(sale, { kind: "charged" }),
      noticeOf(first, SUCCESS.refund),
      noticeOf(second, SUCCESS.refund),
      noticeOf(second, FAILURE.refund),
      noticeOf(sale, disputed("held", "needs_response")),
      noticeOf(sale, disputed("released", "won")),
    ];
    const truth = ({ operationId, kind }: GatewayCall): GatewayObservation => {
      if (kind !== "refund") return { kind: "captured", reference: "pi_1" };
      if (operationId === first.operationId) return { kind: "refunded", reference: "re_1" };
      return { kind: "declined", failure: DECLINED, reference: "re_2" };
    };
    return { rig, id, notices, truth };
  },
};

function permutations<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length < 2) return [items];
  return items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]));
}

/** Answers whatever is asked by then, and lets what waits be tried again. */
async function rest({ rig, truth }: Scene, answered: { count: number }): Promise<void> {
  for (let second = 0; second < 12; second++) {
    rig.turnClockWithoutSweep(1_000);
    for (let sweep = 0; sweep < 2; sweep++) {
      rig.actor.sweep();
      await settle();
    }
    for (; answered.count < rig.calls.length; answered.count++) {
      const call = rig.calls[answered.count] as GatewayCall;
      rig.observe(truth(call), call);
    }
    await settle();
  }
}

/** What the payment is in the end, without what depends on time and order. */
function ending({ rig, id }: Scene): unknown {
  const rows = rig.database.rows.filter(({ decision }) => decision.payment.terms.id === id);
  const payment = paymentOf(rig, id);
  const { status, authorizedMinor, capturedMinor, refundedMinor, refundingMinor, disputedMinor, cancel } = payment;
  const operations = Map.groupBy(rows, ({ decision }) => decision.payment.operation.id);
  return {
    amounts: [status, authorizedMinor, capturedMinor, refundedMinor, refundingMinor, disputedMinor].map(String),
    dispute: payment.dispute,
    cancel,
    operations: [...operations.values()].map((own) => own.at(-1)!.decision.payment.operation.state).sort(),
    postings: rows.flatMap(({ decision }) => decision.postings.map((one) => `${one.kind} ${one.amountMinor}`)).sort(),
    inbox: [...rig.database.side.notices.values()].map(({ state }) => state).sort(),
  };
}

describe("notices in every order, each of them twice", function () {
  this.timeout(60_000);
  for (const [name, make] of Object.entries(SCENES))
    it(name, async () => {
      const count = (await make()).notices.length;
      const endings = new Map<string, readonly number[]>();
      for (const order of permutations(Array.from({ length: count }, (_, i) => i))) {
        const scene = await make();
        const answered = { count: scene.rig.calls.length };
        // The second delivery of each comes after the first one of the next but one.
        const twice = order.flatMap((n, i) => (i < 2 ? [n] : [n, order[i - 2] as number])).concat(order.slice(-2));
        for (const n of twice) {
          const [taken] = await scene.rig.notify(scene.notices[n] as GatewayNotice);
          expect(taken, `notice ${n} of ${order.join()}`).to.equal(true);
        }
        await rest(scene, answered);
        endings.set(JSON.stringify(ending(scene)), order);
      }
      expect([...endings].map(([end, order]) => `${order.join()}: ${end}`)).to.have.length(1);
      expect([...endings.keys()][0])
        .to.not.include('"received"')
        .and.not.include('"parked"');
    });
});
