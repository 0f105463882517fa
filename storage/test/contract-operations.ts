/** What every ShardStore promises about captures, voids and refunds; a part of `contract.ts`. */
import { expect } from "chai";
import type { Payment } from "../../actors/domain/index.ts";
import type { Decision, FoundKey } from "../../actors/index.ts";
import type { ShardUnderTest } from "./shard-under-test.ts";
import {
  FAILURE,
  acceptedDecision,
  asWritten,
  declinedDecision,
  doubtedDecision,
  learnedDecision,
  requestedDecision,
  succeededDecision,
} from "./fixtures.ts";

/** T1 and T2 of a payment that is authorized, or captured at once. */
export function begun(captureMethod: "manual" | "automatic", amountMinor = 1_000n, more = {}): readonly Decision[] {
  const t1 = acceptedDecision({ captureMethod, amountMinor, ...more });
  return [t1, succeededDecision(t1.payment)];
}
/** The payment after the last of them. */
export const lastOf = (decisions: readonly Decision[]): Payment => (decisions.at(-1) as Decision).payment;

export function operationsContract(shard: ShardUnderTest): void {
  const found = async ({ terms: { merchantId, id } }: Payment): Promise<Payment | null | undefined> =>
    (await shard.store.findPayments([{ merchantId, id }]))[0];
  const findKey = async (decision: Decision): Promise<FoundKey | undefined> =>
    (
      await shard.store.findKeys([{ merchantId: decision.payment.terms.merchantId, key: decision.keyRow?.key ?? "" }])
    )[0];

  it("gives back a payment after each row of a capture, also one that was refused", async () => {
    const first = begun("manual");
    await shard.commit(...first);
    const refused = requestedDecision(lastOf(first), "captureRequested", { amountMinor: 400n });
    const processing = learnedDecision(refused.payment, { kind: "gatewayProcessing", reference: "cap_1" });
    const doubt = doubtedDecision(processing.payment);
    const failed = learnedDecision(doubt.payment, { kind: "captureFailed", failure: FAILURE, reference: null });
    const again = requestedDecision(failed.payment, "captureRequested", { amountMinor: 400n });
    const captured = learnedDecision(again.payment, { kind: "captured", reference: null });
    for (const row of [refused, processing, doubt, failed, again, captured]) {
      await shard.commit(row);
      expect(await found(row.payment), row.entry.fact).to.deep.equal(asWritten(row));
    }
    expect(doubt.payment.operation.reference, "the rows after the first say it too").to.equal("cap_1");
  });

  it("gives back a void, and a cancel that waits for the end of what runs", async () => {
    const first = begun("manual");
    const voided = requestedDecision(lastOf(first), "voidRequested");
    const end = learnedDecision(voided.payment, { kind: "voided", reference: "void_1" });
    await shard.commit(...first, voided, end);
    expect(await found(end.payment)).to.deep.equal(asWritten(end));

    const t1 = acceptedDecision();
    const cancel = requestedDecision(t1.payment, "cancelRequested");
    const declined = learnedDecision(
      cancel.payment,
      { kind: "declined", failure: FAILURE, reference: null },
      { operation: t1.payment.operation },
    );
    const settled = learnedDecision(
      declined.payment,
      { kind: "cancelSettled" },
      { operation: cancel.payment.operation },
    );
    expect([cancel.payment.cancel === null, declined.payment.cancel === null, settled.payment.cancel]).to.deep.equal([
      false,
      false,
      null,
    ]);
    for (const row of [t1, cancel, declined, settled]) {
      await shard.commit(row);
      expect(await found(row.payment), row.entry.fact).to.deep.equal(asWritten(row));
    }
  });

  it("gives back overlapping refunds with the merchant's words, whichever is heard of", async () => {
    const first = begun("automatic");
    const a = requestedDecision(lastOf(first), "refundRequested", { amountMinor: 300n, note: 'the "reference": 1' });
    const second = requestedDecision(a.payment, "refundRequested", { amountMinor: 700n });
    const refunded = learnedDecision(
      second.payment,
      { kind: "refunded", reference: "re_1" },
      { operation: a.payment.operation },
    );
    const failed = learnedDecision(
      refunded.payment,
      { kind: "refundFailed", failure: FAILURE, reference: "re_2" },
      { operation: second.payment.operation },
    );
    await shard.commit(...first);
    for (const row of [a, second, refunded, failed]) {
      await shard.commit(row);
      expect(await found(row.payment), row.entry.fact).to.deep.equal(asWritten(row));
    }
    expect([failed.payment.refundedMinor, failed.payment.refundingMinor]).to.deep.equal([300n, 0n]);
  });

  it("refuses refunds that together exceed what was captured", async () => {
    const first = begun("automatic");
    const refund = requestedDecision(lastOf(first), "refundRequested", { amountMinor: 600n });
    await shard.commit(...first, refund);
    const { payment } = requestedDecision(refund.payment, "refundRequested", { amountMinor: 400n });
    for (const refundingMinor of [1_001n, -1n]) {
      const decision = requestedDecision(refund.payment, "refundRequested", { amountMinor: 400n });
      const outcome = await shard.store.commit(shard.head.lease, {
        firstSeq: shard.head.lastSeq + 1n,
        previousAnchor: shard.head.lastAnchor,
        decisions: [{ ...decision, payment: { ...payment, refundingMinor } }],
        openFloorSeq: 1n,
      });
      expect(outcome).to.deep.include({ kind: "rejected", constraint: "journal_amounts" });
    }
  });

  it("finds the key of each operation with that operation's own reply and the newest payment", async () => {
    const first = begun("automatic");
    const refund = requestedDecision(lastOf(first), "refundRequested", { amountMinor: 300n });
    await shard.commit(...first, refund);
    expect((await findKey(refund))?.reply).to.equal(null);
    const reply = { status: 201, body: Buffer.from('{"object":"refund"}') };
    const refunded = learnedDecision(refund.payment, { kind: "refunded", reference: "re_1" }, { reply });
    const open = requestedDecision(refunded.payment, "refundRequested", { amountMinor: 10n });
    await shard.commit(refunded, open);
    const [create, ended, running] = [await findKey(first[0] as Decision), await findKey(refund), await findKey(open)];
    expect([create?.reply?.status, create?.reply?.body.length]).to.deep.equal([201, 700]);
    expect(Buffer.from(ended?.reply?.body ?? [])).to.deep.equal(reply.body);
    expect(running?.reply).to.equal(null);
    for (const [key, { keyRow }] of [
      [ended, refund],
      [running, open],
    ] as const) {
      const { fingerprint, ...row } = key?.row ?? {};
      expect({ ...row, fingerprint: Buffer.from(fingerprint ?? []) }).to.deep.equal({
        ...keyRow,
        fingerprint: Buffer.from(keyRow?.fingerprint ?? []),
      });
      expect(key?.payment).to.deep.equal(asWritten(open));
    }
  });

  it("loads what is open of each operation, not of the payment's newest row", async () => {
    const first = begun("automatic");
    const older = requestedDecision(lastOf(first), "refundRequested", { amountMinor: 100n, note: "one" });
    const doubt = doubtedDecision(older.payment);
    const newer = requestedDecision(doubt.payment, "refundRequested", { amountMinor: 200n });
    const ended = learnedDecision(newer.payment, { kind: "refunded", reference: "re_2" });
    await shard.commit(...first, older, doubt, newer, ended);
    const [open, ...others] = (await shard.reactivate()).open;
    expect(others).to.deep.equal([]);
    expect(open?.payment).to.deep.equal(asWritten(ended));
    expect(open?.operation).to.deep.equal(doubt.payment.operation);
    expect(open).to.deep.include({ t1Seq: 3n, tries: 0, noted: false });
    expect(open?.request).to.include({ idempotencyKey: older.keyRow?.key, route: "POST refund" });
    expect(Buffer.from(open?.request?.fingerprint ?? [])).to.deep.equal(Buffer.from(older.keyRow?.fingerprint ?? []));
  });

  it("loads both of a payment's open operations, a compensation without a request", async () => {
    const t1 = acceptedDecision();
    const cancel = requestedDecision(t1.payment, "cancelRequested");
    const captured = begun("automatic");
    const compensation = requestedDecision(lastOf(captured), "refundRequested", { key: null });
    await shard.commit(t1, cancel, ...captured, compensation);
    const { open } = await shard.reactivate();
    expect(open.map(({ operation, request }) => [operation.id, request?.idempotencyKey])).to.deep.equal([
      [t1.payment.operation.id, t1.keyRow?.key],
      [cancel.payment.operation.id, cancel.keyRow?.key],
      [compensation.payment.operation.id, undefined],
    ]);
    expect(open[0]?.payment.operation.id, "its newest row is the cancel's").to.equal(cancel.payment.operation.id);
  });

  it("judges by the operation what is noted, below the floor too, and which note is left over", async () => {
    const first = begun("automatic");
    const ended = requestedDecision(lastOf(first), "refundRequested", { amountMinor: 100n });
    const running = requestedDecision(ended.payment, "refundRequested", { amountMinor: 200n });
    const end = learnedDecision(
      running.payment,
      { kind: "refunded", reference: null },
      { operation: ended.payment.operation },
    );
    await shard.commit(...first, ended, running, end);
    const noteOf = ({ payment: { terms, operation } }: Decision) => ({
      paymentId: terms.id,
      operationId: operation.id,
      slot: terms.slot,
      tries: 4,
      nextCheckAtMs: Date.now(),
      deadlineAtMs: operation.deadlineAtMs,
    });
    await shard.store.saveDoubts(shard.head.lease, [noteOf(ended), noteOf(running)], []);
    const outcome = await shard.store.commit(shard.head.lease, {
      firstSeq: shard.head.lastSeq + 1n,
      previousAnchor: shard.head.lastAnchor,
      decisions: [acceptedDecision()],
      openFloorSeq: 6n,
    });
    expect(outcome.kind).to.equal("committed");
    const activation = await shard.reactivate();
    expect(activation.ended).to.deep.equal([ended.payment.operation.id]);
    expect(activation.open.map(({ t1Seq, tries, noted }) => [t1Seq, tries, noted])).to.deep.equal([
      [4n, 4, true],
      [6n, 0, false],
    ]);
  });

  it("keeps why a payment failed apart from why an operation did", async () => {
    const t1 = acceptedDecision();
    const declined = declinedDecision(t1.payment);
    await shard.commit(t1, declined);
    const payment = await found(declined.payment);
    expect([payment?.failure, payment?.operation.failure]).to.deep.equal([FAILURE, FAILURE]);
    const authorized = begun("manual");
    const voiding = requestedDecision(lastOf(authorized), "voidRequested");
    const failed = learnedDecision(voiding.payment, { kind: "voidFailed", failure: FAILURE, reference: null });
    await shard.commit(...authorized, voiding, failed);
    const still = await found(failed.payment);
    expect([still?.status, still?.failure, still?.operation.failure]).to.deep.equal(["authorized", null, FAILURE]);
  });
}
