/**
 * What every ShardStore promises, as a suite: PostgreSQL and the memory store pass the same one. Called inside
 * `describe`; `fixture` gives an empty shard for each test.
 */
import { expect } from "chai";
import type { Activation, Claim, Decision, ShardStore } from "../actors/index.ts";
import type { FindingRow } from "./side-rows.ts";
import { lateContract } from "./test/contract-late.ts";
import { operationsContract } from "./test/contract-operations.ts";
import { outboxContract } from "./test/contract-outbox.ts";
import { readsContract } from "./test/contract-reads.ts";
import { sideContract } from "./test/contract-side.ts";
import {
  acceptedDecision,
  asWritten,
  batchOf,
  claimOf,
  declinedDecision,
  doubtedDecision,
  newMerchant,
  replyOfSize,
  succeededDecision,
} from "./test/fixtures.ts";
import type { ShardUnderTest } from "./test/shard-under-test.ts";

/** One empty shard that several stores may open, as several nodes would. */
export interface ShardFixture {
  readonly shard: number;
  open(node: string): ShardStore;
  /** Everything that was found, in the order of its keys. */
  findings(): Promise<readonly FindingRow[]>;
  close(): Promise<void>;
}

const never = new AbortController().signal;

/** Activates, and fails the test when the claim is too old. */
export async function activated(store: ShardStore, claim: Claim): Promise<Activation> {
  const activation = await store.activate(claim, never);
  if (activation === "fenced") throw new Error("the claim was fenced");
  return activation;
}

export function shardStoreContract(makeFixture: () => Promise<ShardFixture>): void {
  let fixture: ShardFixture;
  let store: ShardStore;
  let head: Activation;

  beforeEach(async () => {
    fixture = await makeFixture();
    store = fixture.open("a");
    head = await activated(store, claimOf("a", 1n));
  });
  afterEach(async () => {
    await store.close();
    await fixture.close();
  });

  /** Commits from where the journal stands, and moves on. */
  async function commit(...decisions: Decision[]): Promise<void> {
    const outcome = await store.commit(head.lease, batchOf(head, decisions));
    if (outcome.kind !== "committed") throw new Error(`not committed: ${JSON.stringify(outcome)}`);
    head = { ...head, lastSeq: head.lastSeq + BigInt(decisions.length), lastAnchor: outcome.anchor };
  }

  const shard: ShardUnderTest = {
    get store() {
      return store;
    },
    get head() {
      return head;
    },
    commit,
    reactivate: async () => (head = await activated(store, claimOf("a", 1n))),
    findings: () => fixture.findings(),
  };
  describe("later operations", () => operationsContract(shard));
  describe("late facts", () => lateContract(shard));
  describe("what merchants look up", () => readsContract(shard));
  describe("rows beside the journal", () => sideContract(shard));
  describe("endpoints and deliveries", () => outboxContract(shard));

  it("begins with an empty journal, epoch 1 and the slots given", () => {
    expect(head.lease).to.deep.equal({ shard: fixture.shard, epoch: 1n, slotsVersion: 1n });
    expect(head.lastSeq).to.equal(0n);
    expect([...head.slots]).to.deep.equal([1, 2, 3]);
    expect(head.open).to.deep.equal([]);
  });

  it("gives back a payment as it was written, with the time of its row, after T1 and after T2", async () => {
    for (const captureMethod of ["automatic", "manual"] as const) {
      const t1 = acceptedDecision({ captureMethod, merchantReference: "naïve ✓ order", amountMinor: 999_999_999_999n });
      await commit(t1);
      const { id, merchantId } = t1.payment.terms;
      expect(await store.findPayments([{ merchantId, id }])).to.deep.equal([asWritten(t1)]);
      const t2 = succeededDecision(t1.payment, replyOfSize(10));
      await commit(t2);
      expect(await store.findPayments([{ merchantId, id }])).to.deep.equal([asWritten(t2)]);
    }
  });

  it("gives back failure, pending reason and amounts of a doubt and of a decline", async () => {
    const t1 = acceptedDecision();
    const doubt = doubtedDecision(t1.payment);
    const declined = declinedDecision(doubt.payment);
    const question = [{ merchantId: t1.payment.terms.merchantId, id: t1.payment.terms.id }];
    await commit(t1, doubt);
    expect(await store.findPayments(question)).to.deep.equal([asWritten(doubt)]);
    await commit(declined);
    expect(await store.findPayments(question)).to.deep.equal([asWritten(declined)]);
  });

  it("answers in the order asked and hides other merchants' payments", async () => {
    const [one, two] = [acceptedDecision(), acceptedDecision()];
    await commit(one, two);
    const of = (d: typeof one) => ({ merchantId: d.payment.terms.merchantId, id: d.payment.terms.id });
    const asked = [of(two), { ...of(one), merchantId: newMerchant() }, of(one), of(two)];
    const found = await store.findPayments(asked);
    expect(found.map((p) => p?.terms.id)).to.deep.equal([asked[0]?.id, undefined, asked[2]?.id, asked[3]?.id]);
    expect(await store.findPayments([])).to.deep.equal([]);
  });

  it("finds keys byte by byte, without a reply while the operation is open and with the stored bytes after it", async () => {
    const merchantId = newMerchant();
    const t1 = acceptedDecision({ merchantId, key: "Key-1" });
    await commit(t1);
    const asked = [
      { merchantId, key: "key-1" },
      { merchantId, key: "Key-1" },
      { merchantId: newMerchant(), key: "Key-1" },
    ];
    const [lower, open, foreign] = await store.findKeys(asked);
    expect([lower, foreign]).to.deep.equal([undefined, undefined]);
    expect(open?.reply).to.equal(null);
    expect({ ...open?.row, fingerprint: Buffer.from(open?.row.fingerprint ?? []) }).to.deep.equal({
      ...t1.keyRow,
      fingerprint: Buffer.from(t1.keyRow?.fingerprint ?? []),
    });
    const reply = { status: 201, body: Buffer.from([0, 1, 2, 253, 254, 255]) };
    const t2 = succeededDecision(t1.payment, reply);
    await commit(t2);
    const [found] = await store.findKeys([{ merchantId, key: "Key-1" }]);
    expect(found?.reply?.status).to.equal(201);
    expect(Buffer.from(found?.reply?.body ?? []).equals(reply.body)).to.equal(true);
    expect(found?.payment).to.deep.equal(asWritten(t2));
  });

  it("scans all keys in pages, each once", async () => {
    const keys = ["b", "a", "C", "\u007e", "a2"];
    const merchants = [newMerchant(), newMerchant()];
    for (const merchantId of merchants) for (const key of keys) await commit(acceptedDecision({ merchantId, key }));
    const seen: string[] = [];
    for (let page = await store.scanKeys(null, 3); page.length > 0; page = await store.scanKeys(page.at(-1) ?? null, 3))
      seen.push(...page.map(({ merchantId, key }) => `${merchantId} ${key}`));
    const expected = merchants.flatMap((merchantId) => keys.map((key) => `${merchantId} ${key}`));
    expect(new Set(seen).size).to.equal(seen.length);
    expect(seen).to.include.members(expected);
  });

  it("refuses a second use of a key and writes nothing of the batch", async () => {
    const merchantId = newMerchant();
    await commit(acceptedDecision({ merchantId, key: "same" }));
    const other = acceptedDecision();
    const outcome = await store.commit(
      head.lease,
      batchOf(head, [other, acceptedDecision({ merchantId, key: "same" })]),
    );
    expect(outcome).to.deep.equal({ kind: "rejected", sqlState: "23505", constraint: "idempotency_pkey" });
    expect(
      await store.findPayments([{ merchantId: other.payment.terms.merchantId, id: other.payment.terms.id }]),
    ).to.deep.equal([undefined]);
    await commit(other); // the connection and the sequence are as before
  });

  it("refuses a version that is there, an illegal transition and amounts that do not hold", async () => {
    const t1 = acceptedDecision();
    await commit(t1);
    const t2 = succeededDecision(t1.payment);
    const poisoned = [
      ["journal_version", { ...t2, payment: { ...t2.payment, version: 1 } }],
      ["journal_transition", { ...t2, entry: { ...t2.entry, fromStatus: "expired" as const } }],
      ["journal_amounts", { ...t2, payment: { ...t2.payment, capturedMinor: t2.payment.authorizedMinor + 1n } }],
    ] as const;
    for (const [constraint, decision] of poisoned) {
      const outcome = await store.commit(head.lease, batchOf(head, [acceptedDecision(), decision]));
      expect(outcome).to.deep.include({ kind: "rejected", constraint });
    }
    await commit(t2);
  });

  it("refuses a gap and a repetition of the sequence", async () => {
    await commit(acceptedDecision());
    for (const lastSeq of [0n, 5n]) {
      const outcome = await store.commit(head.lease, batchOf({ ...head, lastSeq }, [acceptedDecision()]));
      expect(outcome, "memory is wrong: settle").to.deep.equal({ kind: "unknown" });
      head = await activated(store, claimOf("a", 1n));
      expect(head.lastSeq).to.equal(lastSeq === 0n ? 1n : 2n);
      await commit(acceptedDecision());
    }
  });

  it("fences the old owner after a take-over: nothing is written, renewed or noted", async () => {
    const t1 = acceptedDecision();
    await commit(t1);
    const other = fixture.open("b");
    try {
      const taken = await activated(other, claimOf("b", 2n));
      expect(taken.lease.epoch).to.equal(2n);
      expect(taken.lastSeq).to.equal(1n);
      expect(taken.open.map((o) => o.payment.terms.id)).to.deep.equal([t1.payment.terms.id]);
      // The take-over ends the old owner's sessions, so its first word may be "unknown"; then it can only be fenced.
      const late = acceptedDecision();
      const outcome = await store.commit(head.lease, batchOf(head, [late]));
      expect(outcome.kind).to.be.oneOf(["fenced", "unknown"]);
      expect(await store.activate(claimOf("a", 1n), never)).to.equal("fenced");
      const found = await other.findPayments([
        { merchantId: late.payment.terms.merchantId, id: late.payment.terms.id },
      ]);
      expect(found).to.deep.equal([undefined]);
      expect(await other.confirmEpoch(taken.lease)).to.equal(true);
      expect(await other.confirmEpoch(head.lease)).to.equal(false);
    } finally {
      await other.close();
    }
  });

  it("lets the same process activate again with the same generation, and nobody else", async () => {
    await commit(acceptedDecision());
    const again = await activated(store, claimOf("a", 1n));
    expect(again.lease.epoch).to.equal(2n);
    expect(again.lastSeq).to.equal(1n);
    expect(Buffer.from(again.lastAnchor).equals(Buffer.from(head.lastAnchor))).to.equal(true);
    expect(await store.activate(claimOf("a", 1n, { process: "another" }), never)).to.equal("fenced");
    head = again;
  });

  it("refuses to write before it is activated", async () => {
    const other = fixture.open("c");
    expect((await other.commit(head.lease, batchOf(head, [acceptedDecision()]))).kind).to.equal("unavailable");
    expect((await other.renew(head.lease)).kind).to.equal("unavailable");
    await other.close();
  });

  it("renews with the anchor as it is, and cannot renew or write once released", async () => {
    await commit(acceptedDecision());
    const renewed = await store.renew(head.lease);
    expect(renewed.kind === "committed" && Buffer.from(renewed.anchor).equals(Buffer.from(head.lastAnchor))).to.equal(
      true,
    );
    await store.release(head.lease);
    expect(await store.renew(head.lease)).to.deep.equal({ kind: "fenced" });
    expect(await store.commit(head.lease, batchOf(head, [acceptedDecision()]))).to.deep.equal({ kind: "fenced" });
  });

  it("loads open operations from the floor on, and those noted as in doubt below it", async () => {
    const [noted, done, fresh] = [acceptedDecision(), acceptedDecision(), acceptedDecision()];
    await commit(noted, done, succeededDecision(done.payment));
    const { operation, terms } = noted.payment;
    const row = {
      paymentId: terms.id,
      operationId: operation.id,
      slot: terms.slot,
      tries: 2,
      nextCheckAtMs: Date.now() + 3_000,
      deadlineAtMs: operation.deadlineAtMs,
    };
    expect((await store.saveDoubts(head.lease, [row], [])).kind).to.equal("committed");
    expect((await store.saveDoubts(head.lease, [{ ...row, tries: 3 }], [])).kind).to.equal("committed");
    const outcome = await store.commit(head.lease, batchOf(head, [fresh], 4n));
    expect(outcome.kind).to.equal("committed");
    head = await activated(store, claimOf("a", 1n));
    const found = new Map(head.open.map((o) => [o.payment.terms.id, o]));
    expect([...found.keys()].sort()).to.deep.equal([terms.id, fresh.payment.terms.id].sort());
    expect(found.get(terms.id)).to.deep.include({ tries: 3, t1Seq: 1n, noted: true });
    expect(found.get(terms.id)?.request).to.include({ idempotencyKey: noted.keyRow?.key, route: "POST /v1/payments" });
    expect(found.get(terms.id)?.payment).to.deep.equal(asWritten(noted));
    const fingerprint = found.get(terms.id)?.request?.fingerprint ?? new Uint8Array(0);
    expect(Buffer.from(fingerprint).equals(Buffer.from(noted.keyRow?.fingerprint ?? []))).to.equal(true);
    expect(found.get(fresh.payment.terms.id)).to.deep.include({ tries: 0, t1Seq: 4n, noted: false });
    expect((await store.saveDoubts(head.lease, [], [operation.id])).kind).to.equal("committed");
    head = await activated(store, claimOf("a", 1n));
    expect(head.open.map((o) => o.payment.terms.id)).to.deep.equal([fresh.payment.terms.id]);
  });

  it("loads open operations in the order of their submission, whatever their ids", async () => {
    const nowMs = Date.now();
    const decisions = [3, 1, 2].map((age) => acceptedDecision({ nowMs: nowMs + age * 1_000 }));
    const ids = decisions.map(({ payment }) => payment.terms.id);
    expect(ids, "ids sort against the journal").not.to.deep.equal([...ids].sort());
    await commit(...decisions);
    head = await activated(store, claimOf("a", 1n));
    expect(head.open.map(({ t1Seq }) => t1Seq)).to.deep.equal([1n, 2n, 3n]);
    expect(head.open.map(({ payment }) => payment.terms.id)).to.deep.equal(ids);
  });

  it("names operations that ended although they are noted as in doubt", async () => {
    const [ended, open] = [acceptedDecision(), acceptedDecision()];
    const rowOf = ({ payment: { terms, operation } }: typeof ended) => ({
      paymentId: terms.id,
      operationId: operation.id,
      slot: terms.slot,
      tries: 1,
      nextCheckAtMs: Date.now(),
      deadlineAtMs: operation.deadlineAtMs,
    });
    await commit(ended, open);
    await store.saveDoubts(head.lease, [rowOf(ended), rowOf(open)], []);
    await commit(succeededDecision(ended.payment));
    head = await activated(store, claimOf("a", 1n));
    expect(head.ended).to.deep.equal([ended.payment.operation.id]);
    expect(head.open.map(({ payment }) => payment.terms.id)).to.deep.equal([open.payment.terms.id]);
  });
}
