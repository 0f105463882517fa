/** What every ShardStore promises about the inbox and about findings; a part of `contract.ts`. */
import { expect } from "chai";
import type { NoticeRow, SideRows } from "../../actors/index.ts";
import { acceptedDecision, batchOf, succeededDecision } from "./fixtures.ts";
import type { ShardUnderTest } from "./shard-under-test.ts";
import { finding, noticeRow, sideOf } from "./side-fixtures.ts";

export function sideContract(shard: ShardUnderTest): void {
  const keyOf = ({ notice: { gateway, dedupeKey } }: NoticeRow) => ({ gateway, dedupeKey });
  const stored = async (row: NoticeRow): Promise<NoticeRow | undefined> =>
    (await shard.store.findNotices([keyOf(row)]))[0];
  async function save(rows: Partial<SideRows>): Promise<void> {
    const outcome = await shard.store.saveSide(shard.head.lease, sideOf(rows));
    expect(outcome.kind).to.equal("committed");
    if (outcome.kind === "committed")
      expect(Buffer.from(outcome.anchor), "the chain of anchors stays").to.deep.equal(
        Buffer.from(shard.head.lastAnchor),
      );
  }

  it("gives back notices as they were written, in the order asked", async () => {
    const { terms, operation } = acceptedDecision().payment;
    const plain = noticeRow({ state: "quarantined", verdict: "not_ours", nextTryAtMs: null, tries: 0 });
    const full = noticeRow({
      notice: { gateway: "stripe", paymentId: terms.id, operationId: operation.id, claim: { kind: "authorized" } },
      paymentId: terms.id,
      slot: terms.slot,
    });
    const same = noticeRow({ notice: { gateway: "adyen", dedupeKey: full.notice.dedupeKey } });
    await save({ notices: [plain, full, same] });
    const asked = [keyOf(same), { gateway: "stripe", dedupeKey: "unknown" } as const, keyOf(full), keyOf(plain)];
    expect(await shard.store.findNotices(asked)).to.deep.equal([same, undefined, full, plain]);
    expect(await shard.store.findNotices([])).to.deep.equal([]);
  });

  it("keeps what was processed, whatever is written after it", async () => {
    const received = noticeRow();
    const processed = { ...received, state: "processed", verdict: "applied", nextTryAtMs: null } as const;
    await save({ notices: [received] });
    await save({ notices: [processed] });
    for (const later of [received, { ...received, state: "parked", verdict: "forbidden", tries: 9 } as const]) {
      await save({ notices: [later] });
      expect(await stored(received)).to.deep.equal(processed);
    }
    const other = noticeRow();
    await save({ notices: [{ ...other, state: "processed", nextTryAtMs: null }, other] });
    expect((await stored(other))?.state, "in one write too").to.equal("processed");
  });

  it("keeps the first content of a key, and what was decided about it", async () => {
    const first = noticeRow();
    const forged = noticeRow({
      notice: { dedupeKey: first.notice.dedupeKey, amount: "1", type: "OTHER" },
      state: "processed",
      nextTryAtMs: null,
    });
    await save({ notices: [first] });
    await save({ notices: [forged] });
    expect(await stored(first)).to.deep.equal(first);
    const retried = { ...first, tries: 5 };
    await save({ notices: [forged, retried] });
    expect(await stored(first), "another content in the same write changes nothing").to.deep.equal(retried);
    const decided = { ...first, state: "parked", verdict: "unknown_payment", tries: 2, nextTryAtMs: null } as const;
    await save({ notices: [{ ...decided, receivedAtMs: first.receivedAtMs + 5_000 }] });
    expect(await stored(first), "its age never resets").to.deep.equal(decided);
  });

  it("learns whose a notice is that did not say so", async () => {
    const nameless = noticeRow({ notice: { operationId: null } });
    const named = { ...nameless, notice: { ...nameless.notice, operationId: noticeRow().notice.operationId } };
    await save({ notices: [nameless] });
    await save({ notices: [named] });
    expect(await stored(nameless)).to.deep.equal(named);
  });

  it("writes side rows with the decision they belong to, and none of a batch that is refused", async () => {
    const t1 = acceptedDecision();
    const found = finding({ paymentId: t1.payment.terms.id, operationId: t1.payment.operation.id });
    const [received, refused] = [noticeRow(), noticeRow()];
    await shard.commit({ ...t1, side: sideOf({ notices: [received], findings: [found] }) });
    const t2 = succeededDecision(t1.payment);
    const side = sideOf({
      notices: [refused],
      findings: [finding()],
      resolved: [{ dedupeKey: found.dedupeKey, by: "x", atMs: 1 }],
    });
    const poisoned = { ...t2, payment: { ...t2.payment, version: 1 }, side };
    const outcome = await shard.store.commit(shard.head.lease, batchOf(shard.head, [acceptedDecision(), poisoned]));
    expect(outcome).to.deep.include({ kind: "rejected", constraint: "journal_version" });
    expect(await stored(refused)).to.equal(undefined);
    expect(await shard.findings()).to.deep.equal([{ finding: found, resolved: null }]);
    const processed = { ...received, state: "processed", verdict: "applied", nextTryAtMs: null } as const;
    await shard.commit({ ...t2, side: sideOf({ notices: [processed] }) }, { ...acceptedDecision(), side: sideOf({}) });
    expect(await stored(received)).to.deep.equal(processed);
  });

  it("takes the rows of several decisions of a batch about one notice in their order", async () => {
    const row = noticeRow();
    const again = { ...row, tries: 2 };
    const end = { ...row, state: "processed", verdict: "applied", nextTryAtMs: null } as const;
    const decisions = [row, again, end, again].map((one) => ({
      ...acceptedDecision(),
      side: sideOf({ notices: [one] }),
    }));
    await shard.commit(...decisions);
    expect(await stored(row)).to.deep.equal(end);
  });

  it("writes a finding once, keeps its age, and resolves it once", async () => {
    const one = finding({ dedupeKey: "D10 one", firstSeenAtMs: 1_000 });
    const two = finding({ dedupeKey: "D10 two", class: "D03" });
    await save({ findings: [one, two, { ...one, observed: "again" }] });
    await save({ findings: [{ ...one, class: "D05", firstSeenAtMs: 9_000 }] });
    const open = [one, two].map((found) => ({ finding: found, resolved: null }));
    expect(await shard.findings()).to.deep.equal(open);
    const first = { dedupeKey: "D10 one", by: "voided", atMs: 5_000 };
    await save({ resolved: [first, { dedupeKey: "D10 nothing", by: "x", atMs: 6_000 }] });
    await save({ findings: [one], resolved: [{ ...first, by: "somebody else" }] });
    const three = finding({ dedupeKey: "D10 zero" });
    const at = { dedupeKey: "D10 zero", by: "found and answered at once", atMs: 7_000 };
    await save({ findings: [three], resolved: [at, { ...at, by: "x" }] });
    expect(await shard.findings()).to.deep.equal([
      { finding: one, resolved: first },
      { finding: two, resolved: null },
      { finding: three, resolved: at },
    ]);
  });

  it("finds what waits, due first, also after an activation", async () => {
    const [due, later, spooled] = [
      noticeRow({ nextTryAtMs: 2_000 }),
      noticeRow({ nextTryAtMs: 3_000, state: "parked", verdict: "unknown_payment" }),
      noticeRow({ nextTryAtMs: 1_000, state: "spooled", verdict: "for_another_shard" }),
    ];
    await save({ notices: [later, due, noticeRow({ nextTryAtMs: null, state: "parked" }), spooled] });
    expect(await shard.store.findWaitingNotices(3_000, 10)).to.deep.equal([spooled, due]);
    expect(await shard.store.findWaitingNotices(9_000, 2)).to.deep.equal([spooled, due]);
    expect((await shard.reactivate()).waiting).to.deep.equal([spooled, due, later]);
    await save({ notices: [{ ...due, state: "processed", verdict: "no_change", nextTryAtMs: null }] });
    expect((await shard.reactivate()).waiting).to.deep.equal([spooled, later]);
  });

  it("writes nothing beside the journal under a lease that is not its own", async () => {
    const row = noticeRow();
    const stale = { ...shard.head.lease, epoch: shard.head.lease.epoch + 1n };
    expect(await shard.store.saveSide(stale, sideOf({ notices: [row] }))).to.deep.equal({ kind: "fenced" });
    expect(await stored(row)).to.equal(undefined);
    await save({});
  });
}
