/** What every ShardStore promises about facts that come after an operation ended, and of operations by their ids; a part of `contract.ts`. */
import { expect } from "chai";
import { type Dispute, mintId, type Operation, type OperationId, type Payment } from "../../actors/domain/index.ts";
import type { Decision } from "../../actors/index.ts";
import { begun, lastOf } from "./contract-operations.ts";
import {
  FAILURE,
  acceptedDecision,
  asWritten,
  declinedDecision,
  lateDecision,
  learnedDecision,
  requestedDecision,
  succeededDecision,
} from "./fixtures.ts";
import type { ShardUnderTest } from "./shard-under-test.ts";

export function lateContract(shard: ShardUnderTest): void {
  const payment = async ({ terms: { merchantId, id } }: Payment): Promise<Payment | null | undefined> =>
    (await shard.store.findPayments([{ merchantId, id }]))[0];
  const view = async (id: OperationId) => (await shard.store.findOperations([id]))[0];
  const viewOf = (row: Decision, newest: Decision = row) => ({
    payment: asWritten(newest),
    operation: row.payment.operation,
    updatedAtMs: row.entry.recordedAtMs,
  });
  /** Commits each row, and holds readers to it: the payment, and the operation that the row is about. */
  async function commitEach(...rows: readonly Decision[]): Promise<void> {
    for (const row of rows) {
      await shard.commit(row);
      expect(await payment(row.payment), row.entry.fact).to.deep.equal(asWritten(row));
      expect(await view(row.payment.operation.id), row.entry.fact).to.deep.equal(viewOf(row));
    }
  }
  const balanceOf = async ({ terms: { merchantId } }: Payment) => {
    const result = await shard.store.read(merchantId, { name: "balances" });
    const [found] = result?.name === "balances" ? result.found : [];
    return [found?.heldMinor, found?.payableMinor, found?.refundingMinor, found?.receivableMinor[0]?.amountMinor];
  };
  const opened = (funds: Dispute["funds"], state: Dispute["state"]): Dispute => ({
    reference: "dp_1",
    state,
    amount: "400",
    funds,
  });
  const firstOf = (rows: readonly Decision[]): Operation => (rows.at(-1) as Decision).payment.operation;

  it("gives back a dispute with the first operation, between refunds and after them", async () => {
    const first = begun("automatic", 1_000n);
    await shard.commit(...first);
    const sale = firstOf(first);
    const asked = lateDecision(
      lastOf(first),
      { kind: "disputeUpdated", dispute: opened("none", "needs_response") },
      sale,
    );
    const refund = requestedDecision(asked.payment, "refundRequested", { amountMinor: 100n, note: "torn" });
    const held = lateDecision(refund.payment, { kind: "disputeHeld", dispute: opened("held", "under_review") }, sale);
    const refunded = learnedDecision(
      held.payment,
      { kind: "refunded", reference: "re_1" },
      { operation: refund.payment.operation },
    );
    const lost = lateDecision(refunded.payment, { kind: "disputeLost", dispute: opened("lost", "lost") }, sale);
    await commitEach(asked, refund, held);
    expect(await balanceOf(held.payment)).to.deep.equal([0n, 900n, 100n, 600n]);
    await commitEach(refunded, lost);
    expect(await balanceOf(lost.payment)).to.deep.equal([0n, 500n, 0n, 500n]);
    expect(await view(refund.payment.operation.id), "each operation keeps its own").to.deep.equal(
      viewOf(refunded, lost),
    );
    const { merchantId, id: paymentId } = lost.payment.terms;
    const page = { limit: 100, after: null };
    const events = await shard.store.read(merchantId, { name: "paymentEvents", paymentId, page });
    if (events?.name !== "paymentEvents") throw new Error("not found");
    const rows = [...first, asked, refund, held, refunded, lost];
    expect(
      events.found.items.map(({ fact, sequence, idempotencyKey }) => [fact, sequence, idempotencyKey]),
    ).to.deep.equal(
      rows.map((row, i) => [
        row.entry.fact,
        i + 1,
        (row.payment.operation.kind === "refund" ? refund : first[0])?.keyRow?.key,
      ]),
    );
    expect(events.found.items.at(-1)?.payment).to.deep.equal(asWritten(lost));
    expect((await shard.store.rollUpBalances(shard.head.lease, [merchantId])).kind).to.equal("committed");
    expect(await balanceOf(lost.payment), "summed up").to.deep.equal([0n, 500n, 0n, 500n]);
    expect((await shard.reactivate()).open).to.deep.equal([]);
  });

  it("gives back a dispute that is released, and an authorization that expired", async () => {
    const first = begun("automatic", 1_000n);
    await shard.commit(...first);
    const held = lateDecision(lastOf(first), { kind: "disputeHeld", dispute: opened("held", "needs_response") });
    const won = lateDecision(held.payment, { kind: "disputeReleased", dispute: opened("released", "won") });
    await commitEach(held, won);
    expect(await balanceOf(won.payment)).to.deep.equal([0n, 1_000n, 0n, 1_000n]);
    const authorized = begun("manual", 500n);
    await shard.commit(...authorized);
    const refused = requestedDecision(lastOf(authorized), "captureRequested", { amountMinor: 500n });
    const failed = learnedDecision(refused.payment, { kind: "captureFailed", failure: FAILURE, reference: null });
    const expired = lateDecision(failed.payment, { kind: "authorizationExpired" }, firstOf(authorized));
    await commitEach(refused, failed, expired);
    expect([expired.payment.status, (await balanceOf(expired.payment))[0]]).to.deep.equal(["expired", 0n]);
  });

  it("lets an ended operation end otherwise by a later row: captures and refunds that are reversed", async () => {
    const first = begun("manual", 1_000n);
    await shard.commit(...first);
    const capture = requestedDecision(lastOf(first), "captureRequested", { amountMinor: 700n });
    const refused = learnedDecision(capture.payment, { kind: "captureFailed", failure: FAILURE, reference: null });
    const captured = lateDecision(refused.payment, { kind: "captured", reference: "cap_1" });
    const refund = requestedDecision(captured.payment, "refundRequested", { amountMinor: 200n });
    const refunded = learnedDecision(refund.payment, { kind: "refunded", reference: "re_1" });
    const returned = lateDecision(refunded.payment, { kind: "refundReversed", failure: FAILURE });
    const reversed = lateDecision(
      returned.payment,
      { kind: "captureReversed", failure: FAILURE },
      captured.payment.operation,
    );
    await commitEach(capture, refused, captured, refund, refunded, returned);
    expect(await balanceOf(returned.payment)).to.deep.equal([0n, 700n, 0n, 700n]);
    await commitEach(reversed);
    expect(await balanceOf(reversed.payment)).to.deep.equal([0n, 0n, 0n, 0n]);
    expect((await view(refund.payment.operation.id))?.operation).to.include({ state: "failed", reference: "re_1" });
    expect((await shard.reactivate()).open, "what ended is not open").to.deep.equal([]);
  });

  it("gives back a late success, and loads its compensation as an open operation without a request", async () => {
    const t1 = acceptedDecision({ amountMinor: 800n });
    const declined = declinedDecision(t1.payment);
    const late = lateDecision(declined.payment, { kind: "lateCaptured", reference: "pi_late" });
    const cancel = requestedDecision(late.payment, "cancelRequested", { key: null });
    await shard.commit(t1, declined);
    await commitEach(late, cancel);
    const { open } = await shard.reactivate();
    expect(open.map(({ operation, request, t1Seq }) => [operation.id, request, t1Seq])).to.deep.equal([
      [cancel.payment.operation.id, null, 4n],
    ]);
    expect(open[0]?.payment).to.deep.equal(asWritten(cancel));
    const voided = begun("manual", 300n);
    const lost = requestedDecision(lastOf(voided), "voidRequested", { key: null });
    await shard.commit(...voided, lost);
    const compensations = (await shard.reactivate()).open.map(({ operation, request }) => [operation.kind, request]);
    expect(compensations).to.deep.equal([
      ["void", null],
      ["void", null],
    ]);
  });

  it("loads what runs and nothing that a late row is about", async () => {
    const first = begun("automatic", 1_000n);
    const refund = requestedDecision(lastOf(first), "refundRequested", { amountMinor: 100n });
    const held = lateDecision(
      refund.payment,
      { kind: "disputeHeld", dispute: opened("held", "needs_response") },
      firstOf(first),
    );
    await shard.commit(...first, refund, held);
    const { open } = await shard.reactivate();
    expect(open.map(({ operation }) => operation)).to.deep.equal([refund.payment.operation]);
    expect(open[0]?.payment).to.deep.equal(asWritten(held));
  });

  it("finds operations by their ids alone, in the order asked", async () => {
    const first = begun("manual", 1_000n);
    const capture = requestedDecision(lastOf(first), "captureRequested", { amountMinor: 700n });
    const captured = learnedDecision(capture.payment, { kind: "captured", reference: "cap_1" });
    const refund = requestedDecision(captured.payment, "refundRequested", { amountMinor: 200n });
    const held = begun("manual", 400n);
    const voiding = requestedDecision(lastOf(held), "voidRequested");
    const pending = acceptedDecision();
    await shard.commit(...first, capture, captured, refund, ...held, voiding, pending);
    const unknown = mintId("op", 1, Date.now(), Buffer.alloc(8, 7));
    const asked = [refund, voiding, first[1] as Decision, pending, captured].map((row) => row.payment.operation.id);
    expect(await shard.store.findOperations([...asked.slice(0, 2), unknown, ...asked.slice(2)])).to.deep.equal([
      viewOf(refund),
      viewOf(voiding),
      undefined,
      viewOf(first[1] as Decision, refund),
      viewOf(pending),
      viewOf(captured, refund),
    ]);
    expect(await shard.store.findOperations([])).to.deep.equal([]);
  });

  it("finds a first operation that an earlier release named, once it booked something", async () => {
    const t1 = acceptedDecision({ named: "by an earlier release" });
    const paid = succeededDecision(t1.payment);
    await shard.commit(t1, paid);
    expect(t1.payment.operation.id.slice(3)).not.to.equal(t1.payment.terms.id.slice(4));
    expect(await view(t1.payment.operation.id)).to.deep.equal(viewOf(paid));
  });
}
