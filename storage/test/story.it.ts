/** What a shard's database tells of a payment, and of those that are stuck, on a real PostgreSQL with the application's rights. */
import { expect } from "chai";
import { bytesOfId, firstOperationOf, mintId, type OperationId, refundIdOf } from "../../actors/domain/index.ts";
import type { Activation, ShardStore } from "../../actors/index.ts";
import { activated } from "../contract.ts";
import { type AskShard, checkChains, checkInvariants, findPaymentOf, readStory, readStuck } from "../index.ts";
import { withShards, withSnapshot } from "../index.ts";
import { unlessTooLong } from "../snapshot.ts";
import { begun, lastOf } from "./contract-operations.ts";
import { type TestCluster, testCluster } from "./cluster.ts";
import { acceptedDecision, batchOf, claimOf, doubtedDecision, learnedDecision, requestedDecision } from "./fixtures.ts";
import { finding, newDelivery, newEvent, noticeRow, outboxOf, sideOf } from "./side-fixtures.ts";

const SHARD = 0;
const MINUTE_MS = 60_000;

describe("stories of payments (needs postgres)", function () {
  this.timeout(60_000);
  let cluster: TestCluster;
  let store: ShardStore;
  let head: Activation;
  const look = <T>(work: (ask: AskShard) => Promise<T>): Promise<T> => withSnapshot(cluster.shards[SHARD]!.dsn, work);
  const nowMs = Date.now();
  const paid = begun("automatic");
  const { terms, operation } = lastOf(paid);
  const asked = requestedDecision(lastOf(paid), "refundRequested", { amountMinor: 400n, note: "canary-note" });
  const refund = asked.payment.operation;
  const refunded = learnedDecision(asked.payment, { kind: "refunded", reference: "re_1" });
  const old = acceptedDecision({ nowMs: nowMs - 10 * MINUTE_MS });
  const doubt = doubtedDecision(old.payment, nowMs - 9 * MINUTE_MS);
  const young = acceptedDecision();
  const review = acceptedDecision({ nowMs: nowMs - MINUTE_MS });
  const flagged = learnedDecision(
    review.payment,
    { kind: "conflicted", reference: null },
    { nowMs: nowMs - MINUTE_MS },
  );

  before(async function () {
    const made = await testCluster(1);
    if (made === undefined) this.skip();
    cluster = made;
    await cluster.empty(SHARD);
    store = cluster.open(SHARD, "a");
    head = await activated(store, claimOf("a", 1n));
    // The journal's times do not decrease, whatever the decisions say of theirs.
    const decisions = [old, doubt, review, flagged, ...paid, asked, refunded, young];
    expect((await store.commit(head.lease, batchOf(head, decisions))).kind).to.equal("committed");
    const { id, deadlineAtMs } = old.payment.operation;
    const row = { paymentId: old.payment.terms.id, operationId: id, slot: terms.slot, tries: 3, deadlineAtMs };
    await store.saveDoubts(head.lease, [{ ...row, nextCheckAtMs: nowMs + MINUTE_MS }], []);
    const ofRefund = { notice: { operationId: refund.id } };
    await store.saveSide(
      head.lease,
      sideOf({
        notices: [
          noticeRow({
            paymentId: terms.id,
            slot: terms.slot,
            state: "processed",
            verdict: "no_change",
            nextTryAtMs: null,
          }),
          noticeRow({ ...ofRefund, slot: terms.slot, receivedAtMs: nowMs - 7 * MINUTE_MS }),
          noticeRow({
            slot: terms.slot,
            state: "parked",
            verdict: "unknown_payment",
            receivedAtMs: nowMs - 6 * MINUTE_MS,
          }),
          noticeRow({ slot: terms.slot }),
        ],
        findings: [finding({ paymentId: terms.id, slot: terms.slot })],
      }),
    );
    const event = newEvent(terms.merchantId, { paymentId: terms.id, slot: terms.slot, sequence: 1 });
    const endpoint = mintId("whe", terms.slot, nowMs, new Uint8Array(8));
    await store.saveOutbox(
      head.lease,
      outboxOf({ events: [event], deliveries: [newDelivery(event, endpoint, { attempts: 2, lastStatus: 503 })] }),
    );
  });
  after(async () => {
    await store?.close();
    await cluster?.drop();
  });

  it("has every row with its owner and a right hash, every operation, key, posting, notice, event and finding", async () => {
    const story = await look((ask) => readStory(ask, terms.id, SHARD));
    expect(story).to.include({ id: terms.id, merchantId: terms.merchantId, rowsLeftOut: 0 });
    const { rows, operations, requests, entries, notices, events, findings, owner, payment } = story!;
    expect(rows.map(({ fact }) => fact)).to.deep.equal([...paid, asked, refunded].map(({ entry }) => entry.fact));
    for (const row of rows) expect(row).to.include({ node: "a", epoch: "1", isHashRight: true, originShard: SHARD });
    expect(payment).to.include({ status: "captured", capturedMinor: "1000", refundedMinor: "400" });
    expect(operations.map(({ id, kind, state, amountMinor }) => [id, kind, state, amountMinor])).to.deep.equal([
      [firstOperationOf(terms.id), "sale", "succeeded", "1000"],
      [refund.id, "refund", "succeeded", "400"],
    ]);
    expect(operations.map(({ gatewayKey }) => gatewayKey)).to.deep.equal([operation.gatewayKey, refund.gatewayKey]);
    expect(requests.map(({ operationId }) => operationId)).to.have.members([firstOperationOf(terms.id), refund.id]);
    expect(entries.map(({ kind }) => kind)).to.deep.equal(["capture", "refund_reserve", "refund_settle"]);
    expect(notices?.map(({ claim, verdict }) => [claim, verdict])).to.deep.equal([
      ["captureFailed", "operation_busy"],
      ["captureFailed", "no_change"],
    ]);
    expect(events[0]?.deliveries[0]).to.include({ attempts: 2, lastStatus: 503, state: "waiting" });
    expect(findings).to.have.length(1);
    expect(owner).to.include({ epoch: "1", node: "a", isReleased: false });
    expect(JSON.stringify(story)).not.to.include("canary-note");
  });

  it("does not say of another shard's rows that a node of this one wrote them", async () => {
    const story = await look((ask) => readStory(ask, terms.id, SHARD + 1));
    expect(new Set(story!.rows.map(({ node }) => node))).to.deep.equal(new Set([null]));
  });

  it("knows tries and the next check of what is in doubt", async () => {
    const story = await look((ask) => readStory(ask, old.payment.terms.id, SHARD));
    expect(story!.operations).to.have.length(1);
    expect(story!.operations[0]).to.include({
      state: "unknown",
      tries: 3,
      nextCheckAtMs: nowMs + MINUTE_MS,
      pendingReason: "gateway_unreachable",
      endedAtMs: null,
    });
  });

  it("leads from every id to the payment, and from an unknown one nowhere", async () => {
    const ids = [terms.id, firstOperationOf(terms.id), refund.id, refundIdOf(refund.id)];
    for (const id of ids) expect(await look((ask) => findPaymentOf(ask, id)), id).to.include({ paymentId: terms.id });
    const nobodys = mintId("op", terms.slot, nowMs, new Uint8Array(8).fill(9));
    expect(await look((ask) => findPaymentOf(ask, nobodys))).to.equal(undefined);
    expect(await look((ask) => readStory(ask, mintId("pay", 1, nowMs, new Uint8Array(8))))).to.equal(null);
  });

  it("lists what is open for long, what people must see to, and notices that wait; the oldest first", async () => {
    const { payments, isComplete } = await look((ask) =>
      readStuck(ask, SHARD, { olderThanMs: 5 * MINUTE_MS, limit: 10 }),
    );
    expect(isComplete).to.equal(true);
    const found = payments.map(({ why, operation: open, notice }) => [why, open?.id ?? notice?.verdict]);
    expect(found).to.deep.include.members([
      ["open_operation", old.payment.operation.id],
      ["needs_review", review.payment.operation.id],
      ["notice_waits", "operation_busy"],
      ["notice_parked", "unknown_payment"],
    ]);
    expect(found).to.have.length(4);
    const since = payments.map(({ sinceAtMs }) => sinceAtMs);
    expect(since).to.deep.equal([...since].sort((a, b) => a - b));
    expect(payments.find(({ why }) => why === "notice_parked")).to.include({ paymentId: null, status: null });
  });

  it("lists young ones when asked, one merchant's alone, and no more than wanted", async () => {
    const openIn = async (
      scope: Partial<Parameters<typeof readStuck>[2]>,
    ): Promise<readonly (OperationId | undefined)[]> =>
      (await look((ask) => readStuck(ask, SHARD, { olderThanMs: 0, limit: 10, ...scope }))).payments.flatMap((one) =>
        one.operation === null ? [] : [one.operation.id],
      );
    expect(await openIn({})).to.include(young.payment.operation.id);
    expect(await openIn({ merchantId: old.payment.terms.merchantId })).to.deep.equal([old.payment.operation.id]);
    expect(await openIn({ limit: 1 })).to.have.length(1);
  });

  it("sees one moment, writes nothing, and goes on when a part takes too long", async () => {
    const refusal = await look((ask) => ask("DELETE FROM operation_open")).catch((error: unknown) => error);
    expect((refusal as { readonly code?: string }).code).to.equal("25006"); // read_only_sql_transaction
    const said = await withSnapshot(
      cluster.shards[SHARD]!.dsn,
      async (ask) => [
        await unlessTooLong(ask, () => ask("SELECT pg_sleep(60)")),
        await unlessTooLong(ask, () => ask<{ n: number }>("SELECT 1 AS n")),
      ],
      200,
    );
    expect(said).to.deep.equal([null, [{ n: 1 }]]);
  });

  it("leaves out the middle of a long history, and nothing of what is open or how it began", async () => {
    const long = begun("automatic", 2_000n);
    const decisions = [...long];
    for (let refunds = 0; refunds < 600; refunds++) {
      const request = requestedDecision(decisions.at(-1)!.payment, "refundRequested", { amountMinor: 1n });
      decisions.push(request);
      if (refunds === 0) continue; // the first stays open
      decisions.push(learnedDecision(request.payment, { kind: "refunded", reference: null }));
    }
    const again = await activated(store, claimOf("a", 1n));
    for (let at = 0, { lastSeq, lastAnchor } = again; at < decisions.length; at += 200) {
      const part = decisions.slice(at, at + 200);
      const outcome = await store.commit(again.lease, batchOf({ lastSeq, lastAnchor }, part));
      if (outcome.kind !== "committed") throw new Error(outcome.kind);
      lastSeq += BigInt(part.length);
      lastAnchor = outcome.anchor;
    }
    const open = decisions[long.length]!.payment.operation;
    const row = { paymentId: long[0]!.payment.terms.id, operationId: open.id, slot: terms.slot, tries: 1 };
    await store.saveDoubts(again.lease, [{ ...row, nextCheckAtMs: nowMs, deadlineAtMs: open.deadlineAtMs }], []);
    const story = await look((ask) => readStory(ask, row.paymentId, SHARD));
    const { rows, rowsLeftOut, operations } = story!;
    expect(rows.length).to.be.lessThan(decisions.length);
    expect(rows.length + rowsLeftOut).to.equal(decisions.length);
    expect([rows[0]?.version, rows.at(-1)?.version]).to.deep.equal([1, decisions.length]);
    expect(rows.every(({ isHashRight }) => isHashRight)).to.equal(true);
    expect(operations.map(({ id }) => id)).to.include.members([firstOperationOf(row.paymentId), open.id]);
  });

  it("checks the books of one payment alone, and sees what is wrong with it and with no other", async () => {
    const { dsn } = cluster.shards[SHARD]!;
    const brokenOf = async (id: typeof terms.id): Promise<readonly string[]> =>
      await withShards([dsn], async (ask) => {
        const verdicts = await checkInvariants(ask, { graceMs: MINUTE_MS, silent: [] }, undefined, id);
        const { verdict } = await checkChains(ask, id);
        return [...verdicts, verdict]
          .filter(({ found, isNote }) => found > 0 && !isNote)
          .map(({ name }) => name.slice(0, 3));
      });
    const before = await brokenOf(terms.id);
    await cluster.inShard(SHARD, (client) =>
      client.query("DELETE FROM ledger_entry WHERE payment_id = $1 AND kind = 4", [bytesOfId(terms.id)]),
    );
    const isNew = (name: string): boolean => !before.includes(name);
    expect((await brokenOf(terms.id)).filter(isNew)).to.include.members(["I8 ", "I20"]);
    expect((await brokenOf(old.payment.terms.id)).filter((name) => name === "I8 " || name === "I20")).to.deep.equal([]);
  });
});
