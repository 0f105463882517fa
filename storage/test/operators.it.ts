/** Operators and the look into a shard, on a real PostgreSQL. */
import { expect } from "chai";
import { randomBytes } from "node:crypto";
import { PaymentClusterError } from "../../actors/index.ts";
import type { Activation, ShardStore } from "../../actors/index.ts";
import { activated } from "../contract.ts";
import { withOwner } from "../databases.ts";
import { openShardLook, type ShardLook } from "../open-look.ts";
import { addOperator, openOperatorStore, type OperatorStore, revokeOperator } from "../operators.ts";
import { type TestCluster, testCluster } from "./cluster.ts";
import {
  acceptedDecision,
  batchOf,
  claimOf,
  realClock,
  requestedDecision,
  silentLog,
  succeededDecision,
} from "./fixtures.ts";

describe("operators and looks on PostgreSQL", function () {
  this.timeout(60_000);
  let cluster: TestCluster;

  before(async function () {
    const made = await testCluster(1);
    if (made === undefined) this.skip();
    cluster = made;
  });
  after(() => cluster?.drop());

  describe("operators", () => {
    let store: OperatorStore;
    const tokenHash = randomBytes(32);
    const by = { who: "test", reason: "a test" };

    beforeEach(() => {
      store = openOperatorStore({ dsn: cluster.control.dsn, who: "node-1", log: silentLog });
    });
    afterEach(() => store.close());
    const auditOf = (subject: string): Promise<readonly object[]> =>
      withOwner(cluster.control.ownerDsn, async (client) => {
        const found = await client.query<Record<string, unknown>>(
          "SELECT who, action, reason, before, after FROM audit WHERE subject = $1 ORDER BY id",
          [subject],
        );
        return found.rows;
      });

    it("are added once, given another role or token, revoked, and given back; each change leaves a trace", async () => {
      const { ownerDsn } = cluster.control;
      const ada = { name: "ada", role: "read", tokenHash } as const;
      expect(await addOperator(ownerDsn, ada, by)).to.equal(true);
      expect(await addOperator(ownerDsn, ada, by), "the same again").to.equal(false);
      expect(await store.list()).to.deep.equal([ada]);
      expect(await addOperator(ownerDsn, { ...ada, role: "operate" }, by)).to.equal(true);
      expect((await store.list())[0]).to.deep.include({ name: "ada", role: "operate" });
      expect(await revokeOperator(ownerDsn, "ada", by)).to.equal(true);
      expect(await revokeOperator(ownerDsn, "ada", by)).to.equal(false);
      expect(await store.list()).to.deep.equal([]);
      expect(await addOperator(ownerDsn, ada, by)).to.equal(true);
      const trace = await auditOf("ada");
      expect(trace.map((row) => Object.values(row))).to.deep.equal([
        ["test", "operator.add", "a test", null, "read"],
        ["test", "operator.add", "a test", null, "operate"],
        ["test", "operator.revoke", "a test", null, null],
        ["test", "operator.add", "a test", null, "read"],
      ]);
    });

    it("are only read by nodes", async () => {
      await addOperator(cluster.control.ownerDsn, { name: "bob", role: "read", tokenHash: randomBytes(32) }, by);
      const { Client } = (await import("pg")).default;
      const client = new Client({ connectionString: cluster.control.dsn });
      await client.connect();
      try {
        for (const text of [
          "UPDATE operator SET role = 'operate'",
          "DELETE FROM operator",
          "INSERT INTO operator SELECT 'eve', 'operate', token_hash FROM operator LIMIT 1",
        ])
          expect(
            await client.query(text).then(
              () => "done",
              (error: { code?: string }) => error.code,
            ),
            text,
          ).to.equal("42501");
      } finally {
        await client.end();
      }
    });

    it("are not known when nobody answers", async () => {
      const away = openOperatorStore({ dsn: "postgres://x:y@127.0.0.1:9/none", who: "node-1", log: silentLog });
      const failure = await away.list().then(
        () => null,
        (error: unknown) => error,
      );
      expect(failure).to.be.instanceOf(PaymentClusterError).and.to.include({ code: "STORAGE_UNAVAILABLE" });
      await away.close();
    });
  });

  describe("a look into a shard", () => {
    let store: ShardStore;
    let look: ShardLook;
    let head: Activation;

    beforeEach(async () => {
      await cluster.empty(0);
      store = cluster.open(0, "a");
      head = await activated(store, claimOf("a", 1n));
      const dsn = cluster.shards[0]?.dsn ?? "";
      look = openShardLook({ shard: 0, dsn, node: "a", clock: realClock, log: silentLog });
    });
    afterEach(() => Promise.all([store.close(), look.close()]));
    async function commit(...decisions: Parameters<typeof batchOf>[1][number][]): Promise<void> {
      const outcome = await store.commit(head.lease, batchOf(head, decisions));
      if (outcome.kind !== "committed") throw new Error(JSON.stringify(outcome));
      head = { ...head, lastSeq: head.lastSeq + BigInt(decisions.length), lastAnchor: outcome.anchor };
    }

    it("shows the lease, and nothing of a shard that is idle", async () => {
      expect(await look.read(10)).to.deep.include({
        epoch: 1n,
        node: "a",
        released: false,
        openOperations: 0,
        operations: [],
      });
    });

    it("shows what is open, oldest first, and counts what it leaves out", async () => {
      const [one, two, three] = [acceptedDecision(), acceptedDecision(), acceptedDecision()];
      await commit(one, two, three);
      await commit(succeededDecision(two.payment));
      const all = await look.read(10);
      expect(all.lastSeq).to.equal(4n);
      expect(all.operations.map(({ operationId, t1Seq }) => [operationId, t1Seq])).to.deep.equal([
        [one.payment.operation.id, 1n],
        [three.payment.operation.id, 3n],
      ]);
      expect(all.operations[0]).to.deep.include({
        paymentId: one.payment.terms.id,
        kind: one.payment.operation.kind,
        state: "submitted",
        notedTries: null,
        deadlineAtMs: one.payment.operation.deadlineAtMs,
      });
      const first = await look.read(1);
      expect([first.operations.length, first.openOperations]).to.deep.equal([1, 2]);
    });

    it("shows a later operation, and what was noted as in doubt", async () => {
      const made = acceptedDecision();
      await commit(made);
      const done = succeededDecision(made.payment);
      await commit(done);
      const refund = requestedDecision(done.payment, "refundRequested", { amountMinor: 1n });
      await commit(refund);
      const { id } = refund.payment.operation;
      const row = {
        operationId: id,
        paymentId: made.payment.terms.id,
        slot: made.payment.terms.slot,
        tries: 4,
        nextCheckAtMs: Date.now(),
        deadlineAtMs: Date.now(),
      };
      await store.saveDoubts(head.lease, [row], []);
      const { operations } = await look.read(10);
      expect(operations).to.have.length(1);
      expect(operations[0]).to.deep.include({ operationId: id, kind: "refund", notedTries: 4, t1Seq: 3n });
    });

    it("fails in time when nobody answers", async () => {
      const away = openShardLook({
        shard: 0,
        dsn: "postgres://x:y@127.0.0.1:9/none",
        node: "a",
        clock: realClock,
        log: silentLog,
      });
      const failure = await away.read(1).then(
        () => null,
        (error: unknown) => error,
      );
      expect(failure).to.be.instanceOf(PaymentClusterError).and.to.include({ code: "STORAGE_UNAVAILABLE" });
      await away.close();
    });
  });
});
