/** What every ShardStore promises about lists, refunds, events, balances and keys; a part of `contract.ts`. */
import { expect } from "chai";
import { type MerchantId, operationIdOf, type PaymentId, refundIdOf, slotOfId } from "../../actors/domain/index.ts";
import type {
  Decision,
  EventsCursor,
  Page,
  PaymentsCursor,
  PaymentsFilter,
  ReadQuery,
  ReadResult,
} from "../../actors/index.ts";
import type { ShardUnderTest } from "./shard-under-test.ts";
import { begun, lastOf } from "./contract-operations.ts";
import {
  FAILURE,
  acceptedDecision,
  asWritten,
  declinedDecision,
  learnedDecision,
  newMerchant,
  requestedDecision,
  succeededDecision,
} from "./fixtures.ts";

const ALL: PaymentsFilter = { status: null, createdFromMs: null, createdBeforeMs: null, merchantReference: null };
const FIRST = { limit: 100, after: null };
const DAY_MS = 86_400_000;

export function readsContract(shard: ShardUnderTest): void {
  type ResultOf<Name> = Extract<ReadResult, { readonly name: Name }>;
  async function read<Query extends ReadQuery>(
    merchant: MerchantId,
    query: Query,
  ): Promise<ResultOf<Query["name"]> | undefined> {
    const result = await shard.store.read(merchant, query);
    if (result !== undefined) expect(result.name).to.equal(query.name);
    return result as ResultOf<Query["name"]> | undefined;
  }
  async function list(merchant: MerchantId, filter: Partial<PaymentsFilter> = {}, page: Page<PaymentsCursor> = FIRST) {
    const result = await read(merchant, { name: "payments", filter: { ...ALL, ...filter }, page });
    if (result === undefined) throw new Error("a merchant always has a list");
    return { ids: result.found.items.map(({ terms: { id } }) => id), ...result.found };
  }
  const idOf = ({ payment }: Decision): PaymentId => payment.terms.id;

  it("lists a merchant's payments newest first, as of their newest rows, and nobody else's", async () => {
    const merchantId = newMerchant();
    expect(await list(merchantId)).to.deep.equal({ ids: [], items: [], hasMore: false, next: null });
    const nowMs = Date.now();
    const made = [2, 0, 1].map((age) => acceptedDecision({ merchantId, nowMs: nowMs + age }));
    await shard.commit(...made, acceptedDecision(), succeededDecision((made[0] as Decision).payment));
    const listed = await list(merchantId);
    expect(listed.ids).to.deep.equal([made[0], made[2], made[1]].map((one) => idOf(one as Decision)));
    expect(listed.items.map(({ status }) => status)).to.deep.equal(["captured", "pending", "pending"]);
    expect([listed.hasMore, listed.next]).to.deep.equal([false, null]);
  });

  it("pages without a gap or a repeat while payments arrive, whatever their ids", async () => {
    const merchantId = newMerchant();
    const nowMs = Date.now();
    const early = Array.from({ length: 5 }, (_, age) => acceptedDecision({ merchantId, nowMs: nowMs + 10 * age }));
    await shard.commit(...early);
    const seen: PaymentId[] = [];
    let page: Page<PaymentsCursor> = { limit: 2, after: null };
    for (let guard = 0; guard < 10; guard++) {
      const { ids, hasMore, next } = await list(merchantId, {}, page);
      seen.push(...ids);
      expect(hasMore).to.equal(next !== null);
      if (next === null) break;
      page = { ...page, after: next };
      // One that was named before all of these and committed after them, and a new one.
      await shard.commit(acceptedDecision({ merchantId, nowMs: nowMs - 1 }), acceptedDecision({ merchantId }));
    }
    expect(seen).to.deep.equal(early.map(idOf).reverse());
  });

  it("filters by status, time of creation and merchant reference, together too", async () => {
    const merchantId = newMerchant();
    const nowMs = Date.now();
    const make = (ageMs: number, merchantReference: string | null) =>
      acceptedDecision({ merchantId, nowMs: nowMs + ageMs, merchantReference });
    const [a, b, c] = [make(0, "one"), make(1_000, "two"), make(2_000, null)];
    const paid = succeededDecision(b.payment);
    await shard.commit(a, b, c, acceptedDecision({ merchantReference: "two" }), paid);
    const cases: readonly (readonly [Partial<PaymentsFilter>, readonly Decision[]])[] = [
      [{ status: "pending" }, [c, a]],
      [{ status: "captured" }, [b]],
      [{ status: "expired" }, []],
      [{ createdFromMs: nowMs + 1_000 }, [c, b]],
      [{ createdBeforeMs: nowMs + 1_000 }, [a]],
      [{ createdFromMs: nowMs, createdBeforeMs: nowMs + 1 }, [a]],
      [{ createdFromMs: nowMs + DAY_MS }, []],
      [{ createdBeforeMs: 0 }, []],
      [{ merchantReference: "two" }, [b]],
      [{ merchantReference: "TWO" }, []],
      [{ merchantReference: "two", status: "captured", createdFromMs: nowMs + 1 }, [b]],
      [{ merchantReference: "one", status: "captured" }, []],
    ];
    for (const [filter, expected] of cases)
      expect((await list(merchantId, filter)).ids, JSON.stringify(filter)).to.deep.equal(expected.map(idOf));
    const first = await list(merchantId, { status: "pending" }, { limit: 1, after: null });
    expect([first.ids, first.hasMore]).to.deep.equal([[idOf(c)], true]);
    const second = await list(merchantId, { status: "pending" }, { limit: 1, after: first.next });
    expect([second.ids, second.hasMore, second.next]).to.deep.equal([[idOf(a)], false, null]);
  });

  it("shows a refund as its own newest row says, in the order of submission, and no other merchant's", async () => {
    const first = begun("automatic");
    const { merchantId, id: paymentId } = lastOf(first).terms;
    const one = requestedDecision(lastOf(first), "refundRequested", { amountMinor: 100n, note: "torn" });
    const two = requestedDecision(one.payment, "refundRequested", { amountMinor: 200n });
    const end = learnedDecision(
      two.payment,
      { kind: "refundFailed", failure: FAILURE, reference: "re_1" },
      { operation: one.payment.operation },
    );
    const last = requestedDecision(end.payment, "refundRequested", { amountMinor: 50n });
    await shard.commit(...first, one, two, end, last);
    const payment = asWritten(last);
    const views = [end, two, last].map((row) => ({
      payment,
      operation: row.payment.operation,
      updatedAtMs: row.entry.recordedAtMs,
    }));
    const refunds = (after: Decision | null, limit = 2) =>
      read(merchantId, {
        name: "refunds",
        paymentId,
        page: { limit, after: after && { id: after.payment.operation.id } },
      });
    expect((await refunds(null))?.found).to.deep.equal({
      items: views.slice(0, 2),
      hasMore: true,
      next: { id: two.payment.operation.id },
    });
    expect((await refunds(two))?.found).to.deep.equal({ items: views.slice(2), hasMore: false, next: null });
    expect((await refunds(last))?.found).to.deep.equal({ items: [], hasMore: false, next: null });
    const id = refundIdOf(one.payment.operation.id);
    expect((await read(merchantId, { name: "refund", id }))?.found).to.deep.equal(views[0]);
    const sale = refundIdOf((first[0] as Decision).payment.operation.id);
    expect(await read(merchantId, { name: "refund", id: sale }), "no refund").to.equal(undefined);
    for (const query of [
      { name: "refund", id },
      { name: "refunds", paymentId, page: FIRST },
      { name: "paymentEvents", paymentId, page: FIRST },
    ] as const)
      expect(await read(newMerchant(), query), query.name).to.equal(undefined);
    expect(operationIdOf(id)).to.equal(one.payment.operation.id);
  });

  it("knows a payment without refunds from one that does not exist", async () => {
    const t1 = acceptedDecision();
    await shard.commit(t1);
    const { merchantId, id: paymentId } = t1.payment.terms;
    const none = { items: [], hasMore: false, next: null };
    expect((await read(merchantId, { name: "refunds", paymentId, page: FIRST }))?.found).to.deep.equal(none);
    const unknown = idOf(acceptedDecision({ merchantId }));
    expect(await read(merchantId, { name: "refunds", paymentId: unknown, page: FIRST })).to.equal(undefined);
    expect(await read(merchantId, { name: "paymentEvents", paymentId: unknown, page: FIRST })).to.equal(undefined);
  });

  it("shows everything that happened but gatewayPrepared, numbered per payment without a gap", async () => {
    const merchantId = newMerchant();
    const t1 = acceptedDecision({ merchantId, key: "create", amountMinor: 1_000n });
    const prepared = learnedDecision(t1.payment, { kind: "gatewayPrepared", reference: "pi_1" });
    const captured = succeededDecision(prepared.payment);
    const other = acceptedDecision({ merchantId, key: "other" });
    const refund = requestedDecision(captured.payment, "refundRequested", { amountMinor: 10n, key: "refund" });
    const refunded = learnedDecision(refund.payment, { kind: "refunded", reference: "re_1" });
    const rows = [t1, prepared, captured, other, refund, refunded];
    await shard.commit(...rows, acceptedDecision());
    const shown = [
      [t1, 1, "req_1", "create"],
      [captured, 2, null, "create"],
      [other, 1, "req_1", "other"],
      [refund, 3, "req_2", "refund"],
      [refunded, 4, null, "refund"],
    ] as const;
    const views = shown.map(([row, sequence, requestId, idempotencyKey]) => ({
      fact: row.entry.fact,
      fromStatus: row.entry.fromStatus,
      sequence,
      payment: asWritten(row),
      recordedAtMs: row.entry.recordedAtMs,
      requestId,
      idempotencyKey,
    }));
    const events = async (query: Extract<ReadQuery, { name: "events" | "paymentEvents" }>) => {
      const result = await read(merchantId, query);
      if (result === undefined) throw new Error("nothing found");
      return result.found;
    };
    const all = await events({ name: "events", page: FIRST });
    expect(all.items).to.deep.equal(views.map((view, i) => ({ id: all.items[i]?.id, ...view })));
    expect(all.hasMore).to.equal(false);
    const ids = all.items.map(({ id }) => id);
    expect(new Set(ids).size).to.equal(5);
    expect(ids.map(slotOfId)).to.deep.equal(ids.map(() => t1.payment.terms.slot));

    const pages: Awaited<ReturnType<typeof events>>[] = [];
    for (let after: EventsCursor | null = null; pages.length < 10; ) {
      const page = await events({ name: "events", page: { limit: 2, after } });
      if (page.items.length === 0) break;
      pages.push(page);
      after = page.next;
    }
    expect(pages.map(({ hasMore }) => hasMore)).to.deep.equal([true, true, false]);
    expect(pages.flatMap(({ items }) => items)).to.deep.equal(all.items);

    const own = await events({ name: "paymentEvents", paymentId: idOf(t1), page: FIRST });
    expect(own.items).to.deep.equal(all.items.filter(({ payment }) => payment.terms.id === idOf(t1)));
    const rest = await events({ name: "paymentEvents", paymentId: idOf(t1), page: { limit: 1, after: own.next } });
    expect(rest).to.deep.equal({ items: [], hasMore: false, next: own.next });
    const later = learnedDecision(other.payment, { kind: "deadlinePassed" });
    await shard.commit(later);
    const since = await events({ name: "events", page: { limit: 10, after: all.next } });
    expect(
      since.items.map(({ fact }) => fact),
      "whoever kept the cursor learns of it",
    ).to.deep.equal(["deadlinePassed"]);
  });

  it("sums balances exactly, by currency, through every kind of posting, however they are summed up", async () => {
    const merchantId = newMerchant();
    const balances = async () => (await read(merchantId, { name: "balances" }))?.found;
    expect(await balances()).to.deep.equal([]);
    const expectBalance = async (held: bigint, payable: bigint, refunding: bigint, receivable: bigint) =>
      expect(await balances()).to.deep.equal([
        {
          currency: "EUR",
          heldMinor: held,
          payableMinor: payable,
          refundingMinor: refunding,
          receivableMinor: receivable === -1n ? [] : [{ gateway: "stripe", amountMinor: receivable }],
        },
      ]);
    const rollUp = async () =>
      expect((await shard.store.rollUpBalances(shard.head.lease, [merchantId, newMerchant()])).kind).to.equal(
        "committed",
      );
    const held = begun("manual", 1_000n, { merchantId });
    const refused = acceptedDecision({ merchantId });
    await shard.commit(...held, refused, declinedDecision(refused.payment));
    await expectBalance(1_000n, 0n, 0n, -1n);
    await rollUp();
    await expectBalance(1_000n, 0n, 0n, -1n);
    const capture = requestedDecision(lastOf(held), "captureRequested", { amountMinor: 700n });
    const captured = learnedDecision(capture.payment, { kind: "captured", reference: null });
    await shard.commit(capture, captured, ...begun("automatic", 50n, { merchantId }), ...begun("automatic", 9n));
    await expectBalance(0n, 750n, 0n, 750n);
    const first = requestedDecision(captured.payment, "refundRequested", { amountMinor: 100n });
    const second = requestedDecision(first.payment, "refundRequested", { amountMinor: 30n });
    await shard.commit(first, second);
    await rollUp();
    await rollUp();
    await expectBalance(0n, 620n, 130n, 750n);
    const refunded = learnedDecision(
      second.payment,
      { kind: "refunded", reference: null },
      { operation: first.payment.operation },
    );
    const failed = learnedDecision(
      refunded.payment,
      { kind: "refundFailed", failure: FAILURE, reference: null },
      { operation: second.payment.operation },
    );
    await shard.commit(refunded, failed);
    await expectBalance(0n, 650n, 0n, 650n);
    await rollUp();
    await expectBalance(0n, 650n, 0n, 650n);
  });

  it("sums nothing up under a lease that is not its own", async () => {
    const stale = { ...shard.head.lease, epoch: 9n };
    expect(await shard.store.rollUpBalances(stale, [newMerchant()])).to.deep.equal({ kind: "fenced" });
    expect((await shard.store.rollUpBalances(shard.head.lease, [])).kind).to.equal("committed");
  });

  it("shows what became of a key, to its merchant only", async () => {
    const merchantId = newMerchant();
    const t1 = acceptedDecision({ merchantId, key: "k" });
    await shard.commit(t1);
    const open = (await read(merchantId, { name: "idempotencyKey", key: "k" }))?.found;
    const expected = {
      key: "k",
      route: "POST /v1/payments",
      paymentId: idOf(t1),
      operationId: t1.payment.operation.id,
    };
    expect(open).to.deep.equal({ ...expected, reply: null });
    await shard.commit(succeededDecision(t1.payment, { status: 201, body: Buffer.from("{}") }));
    expect((await read(merchantId, { name: "idempotencyKey", key: "k" }))?.found).to.deep.equal({
      ...expected,
      reply: { status: 201, body: Buffer.from("{}") },
    });
    expect(await read(merchantId, { name: "idempotencyKey", key: "K" })).to.equal(undefined);
    expect(await read(newMerchant(), { name: "idempotencyKey", key: "k" })).to.equal(undefined);
  });
}
