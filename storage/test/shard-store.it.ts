/** The shard store on a real PostgreSQL: the contract, then what only a server can show. */
import { type AddressInfo, type Socket, connect, createServer } from "node:net";
import { expect } from "chai";
import type pg from "pg";
import { idFromBytes } from "../../actors/domain/index.ts";
import type { Activation, Log, ShardStore } from "../../actors/index.ts";
import { loadActivation, takeLease } from "../activation.ts";
import { Connection } from "../connection.ts";
import type { ConnectionOptions } from "../connection.ts";
import { activated, shardStoreContract } from "../contract.ts";
import { openShardStore } from "../index.ts";
import type { FindingRow } from "../side-rows.ts";
import { type TestCluster, eventually, testCluster } from "./cluster.ts";
import { newEndpoint, noticeRow, outboxOf, sideOf } from "./side-fixtures.ts";
import { KeptLog, acceptedDecision, batchOf, claimOf, realClock, silentLog, succeededDecision } from "./fixtures.ts";

const never = new AbortController().signal;

/** A way to the server of `dsnOf()` that can be cut. */
async function listen(dsnOf: () => string): Promise<{ port: number; cut(): void; close(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const { hostname, port } = new URL(dsnOf());
    const far = connect(Number(port), hostname);
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => undefined).on("close", () => (near.destroy(), far.destroy()));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = () => sockets.forEach((socket) => socket.destroy());
  return { port: (server.address() as AddressInfo).port, cut, close: () => (cut(), server.close()) };
}

/** What stands in the table of discrepancies. */
const findingsOf = (cluster: TestCluster): Promise<readonly FindingRow[]> =>
  cluster.inShard(0, async (client) => {
    const { rows } = await client.query<Record<string, string | null> & { slot: number }>(
      `SELECT *, (extract(epoch FROM first_seen_at) * 1000)::int8 AS seen, (extract(epoch FROM resolved_at) * 1000)::int8 AS at,
              encode(uuid_send(payment_id), 'hex') AS payment, encode(uuid_send(operation_id), 'hex') AS operation
         FROM discrepancy ORDER BY dedupe_key`,
    );
    return rows.map((row): FindingRow => {
      const dedupeKey = row["dedupe_key"] ?? "";
      const finding = {
        class: row["class"] as FindingRow["finding"]["class"],
        slot: row.slot,
        paymentId: row["payment"] ? idFromBytes("pay", Buffer.from(row["payment"], "hex")) : null,
        operationId: row["operation"] ? idFromBytes("op", Buffer.from(row["operation"], "hex")) : null,
        dedupeKey,
        expected: row["expected"] ?? "",
        observed: row["observed"] ?? "",
        evidence: row["evidence"] ?? "",
        suggestedAction: row["suggested_action"] ?? "",
        firstSeenAtMs: Number(row["seen"]),
      };
      const resolved = { dedupeKey, by: row["resolved_by"] ?? "", atMs: Number(row["at"]) };
      return { finding, resolved: row["state"] === "open" ? null : resolved };
    });
  });

describe("shard store on PostgreSQL", function () {
  this.timeout(60_000);
  let cluster: TestCluster;

  before(async function () {
    const made = await testCluster(1);
    if (made === undefined) this.skip();
    cluster = made;
  });
  after(() => cluster?.drop());

  describe("contract", () => {
    shardStoreContract(async () => {
      await cluster.empty(0);
      return {
        shard: 0,
        open: (node) => cluster.open(0, node),
        close: async () => undefined,
        findings: () => findingsOf(cluster),
      };
    });
  });

  describe("on the server", () => {
    let store: ShardStore;
    let head: Activation;
    beforeEach(async () => {
      await cluster.empty(0);
      store = cluster.open(0, "a");
      head = await activated(store, claimOf("a", 1n));
    });
    afterEach(() => store.close());

    const count = (table: string): Promise<number> =>
      cluster.inShard(0, async (client) =>
        Number((await client.query<{ n: string }>(`SELECT count(*) AS n FROM ${table}`)).rows[0]?.n),
      );
    const backendOf = (node: string): Promise<number> =>
      cluster.inShard(0, async (client) => {
        const { rows } = await client.query<{ pid: number }>(
          "SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database() ORDER BY backend_start DESC",
          [`paycluster:0:${node}`],
        );
        return rows[0]?.pid ?? 0;
      });

    const directly = (): ConnectionOptions => ({
      dsn: cluster.shards[0]?.dsn ?? "",
      applicationName: "test",
      statementTimeoutMs: 5_000,
      lockTimeoutMs: 1_000,
      connectTimeoutMs: 2_000,
      pipeline: false,
      clock: realClock,
      log: silentLog,
    });

    /** A session of the store that waits for a lock. */
    async function waitingForLock(client: pg.Client, except = 0): Promise<number | undefined> {
      const { rows } = await client.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity
          WHERE datname = current_database() AND application_name LIKE 'paycluster:0:%' AND wait_event_type = 'Lock' AND pid <> $1`,
        [except],
      );
      return rows[0]?.pid;
    }

    it("writes the anchor of each commit and chains it to the one before", async () => {
      const [one, two] = [acceptedDecision(), acceptedDecision()];
      const first = await store.commit(head.lease, batchOf(head, [one, two]));
      if (first.kind !== "committed") throw new Error(first.kind);
      const second = await store.commit(
        head.lease,
        batchOf({ lastSeq: 2n, lastAnchor: first.anchor }, [succeededDecision(one.payment)]),
      );
      expect(second.kind).to.equal("committed");
      const verified = await cluster.inShard(0, async (client) => {
        const { rows } = await client.query<{ ok: boolean }>(
          `SELECT digest = sha256(previous || (SELECT string_agg(hash, ''::bytea ORDER BY seq) FROM journal
                                                WHERE seq BETWEEN first_seq AND last_seq))
                  AND previous = coalesce(lag(digest) OVER (ORDER BY first_seq), decode(repeat('00', 32), 'hex')) AS ok
             FROM commit_anchor`,
        );
        return rows.map((row) => row.ok);
      });
      expect(verified).to.deep.equal([true, true]);
    });

    it("raises the fence inside the server: a statement of an old epoch, sent with its COMMIT, writes nothing", async () => {
      for (const lease of [
        { ...head.lease, epoch: 9n },
        { ...head.lease, slotsVersion: 2n },
      ])
        expect(await store.commit(lease, batchOf(head, [acceptedDecision()]))).to.deep.equal({ kind: "fenced" });
      for (const table of ["journal", "payment", "idempotency", "commit_anchor"])
        expect(await count(table)).to.equal(0);
      // The session is usable and the lease is as it was.
      expect((await store.commit(head.lease, batchOf(head, [acceptedDecision()]))).kind).to.equal("committed");
    });

    it("refuses a value that no column takes before or on the server, and writes nothing of the batch", async () => {
      const poisons = [
        acceptedDecision({ key: "a\u0000b" }), // the server: text cannot hold it
        acceptedDecision({ key: "k".repeat(256) }),
        acceptedDecision({ amountMinor: 2n ** 63n }), // found while encoding
      ];
      for (const poison of poisons) {
        const outcome = await store.commit(head.lease, batchOf(head, [acceptedDecision(), poison]));
        expect(outcome.kind).to.equal("rejected");
      }
      expect(await count("journal")).to.equal(0);
    });

    it("shows names, balances and replies in its views", async () => {
      const t1 = acceptedDecision({ captureMethod: "manual", amountMinor: 500n });
      await store.commit(head.lease, batchOf(head, [t1, succeededDecision(t1.payment)]));
      const [current, balance, reply, operation] = await cluster.inShard(0, async (client) => {
        const rowsOf = async (text: string) => (await client.query<Record<string, unknown>>(text)).rows;
        return [
          await rowsOf("SELECT status, amount::int, authorized::int, captured::int, version FROM payment_current"),
          await rowsOf("SELECT account, layer, balance::int FROM ledger_balance ORDER BY balance"),
          await rowsOf("SELECT reply_status, octet_length(reply_body) AS bytes FROM idempotency_reply"),
          await rowsOf("SELECT kind, state, amount::int, attempt FROM operation"),
        ] as const;
      });
      expect(current).to.deep.equal([{ status: "authorized", amount: 500, authorized: 500, captured: 0, version: 2 }]);
      expect(balance).to.deep.equal([
        { account: "merchant_pending", layer: "pending", balance: -500 },
        { account: "gateway_receivable", layer: "pending", balance: 500 },
      ]);
      expect(reply).to.deep.equal([{ reply_status: 201, bytes: 700 }]);
      expect(operation).to.deep.equal([{ kind: "authorize", state: "succeeded", amount: 500, attempt: 1 }]);
    });

    it("is in doubt when its backend is killed in the commit, and settles to the truth", async () => {
      await cluster.inShard(0, async (blocker) => {
        await blocker.query("BEGIN");
        await blocker.query("SELECT 1 FROM shard_lease FOR UPDATE");
        const outcome = store.commit(head.lease, batchOf(head, [acceptedDecision()]));
        await cluster.inShard(0, async (client) => {
          const pid = await eventually(() => waitingForLock(client));
          await client.query("SELECT pg_terminate_backend($1)", [pid]);
        });
        expect(await outcome).to.deep.equal({ kind: "unknown" });
      });
      expect((await store.commit(head.lease, batchOf(head, [acceptedDecision()]))).kind).to.equal("unavailable");
      const settled = await activated(store, claimOf("a", 1n));
      expect(settled.lastSeq).to.equal(BigInt(await count("journal")));
      const next = await store.commit(settled.lease, batchOf(settled, [acceptedDecision()]));
      expect(next.kind).to.equal("committed");
    });

    it("settles to the truth when the backend froze in COMMIT, whichever way it ends", async function () {
      await store.close();
      store = cluster.open(0, "a", { commitMs: 2_000 }); // it gives its frozen commit up soon
      head = await activated(store, claimOf("a", 1n));
      const pid = await backendOf("a");
      try {
        process.kill(pid, 0); // the server is local and its processes may be stopped
      } catch {
        this.skip();
      }
      // A deferred trigger runs inside COMMIT: there the backend waits, and is frozen.
      await cluster.inShard(0, (client) =>
        client.query(`
          CREATE FUNCTION wait_in_commit() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN NULL; END $$;
          CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT ON commit_anchor DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION wait_in_commit()`),
      );
      let frozen = false;
      try {
        const commit = cluster.inShard(0, async (client) => {
          await client.query("SELECT pg_advisory_lock(4711)");
          const outcome = store.commit(head.lease, batchOf(head, [acceptedDecision()]));
          expect(await eventually(() => waitingForLock(client))).to.equal(pid);
          process.kill(pid, "SIGSTOP");
          frozen = true;
          return outcome;
        });
        expect(await commit).to.deep.equal({ kind: "unknown" });
        const settling = activated(store, claimOf("a", 1n));
        // The frozen backend holds the lease row: the activation waits for it.
        await cluster.inShard(0, (client) => eventually(() => waitingForLock(client, pid)));
        process.kill(pid, "SIGCONT");
        frozen = false;
        const settled = await settling;
        expect(settled.lease.epoch > head.lease.epoch).to.equal(true);
        expect(settled.lastSeq).to.equal(BigInt(await count("journal")));
        expect(settled.open).to.have.lengthOf(Number(settled.lastSeq));
      } finally {
        if (frozen) process.kill(pid, "SIGCONT");
        await cluster.inShard(0, (client) => client.query("DROP FUNCTION wait_in_commit CASCADE"));
      }
    });

    it("reconnects by itself after its idle connection was ended", async () => {
      const pid = await backendOf("a");
      await cluster.inShard(0, (client) => client.query("SELECT pg_terminate_backend($1)", [pid]));
      const ended = await cluster.inShard(0, (client) =>
        eventually(async () => {
          const { rowCount } = await client.query("SELECT 1 FROM pg_stat_activity WHERE pid = $1", [pid]);
          return rowCount === 0 ? true : undefined;
        }),
      );
      expect(ended).to.equal(true);
      // Its farewell was read by now, as this process has answered others since.
      expect((await store.commit(head.lease, batchOf(head, [acceptedDecision()]))).kind).to.equal("committed");
      expect(await backendOf("a")).not.to.equal(pid);
    });

    it("says unavailable, not unknown, when it cannot connect", async () => {
      const nowhere = "postgresql://nobody:x@127.0.0.1:1/none";
      let aimed = cluster.shards[0]?.dsn ?? "";
      const detour = await listen(() => aimed);
      try {
        const through = new URL(aimed);
        through.host = `127.0.0.1:${detour.port}`;
        const other = cluster.open(0, "x", { connectMs: 500 }, through.toString());
        const taken = await activated(other, claimOf("x", 5n));
        aimed = nowhere;
        detour.cut();
        await eventually(async () => ((await other.renew(taken.lease)).kind === "unavailable" ? true : undefined));
        const asked = [{ merchantId: acceptedDecision().payment.terms.merchantId, key: "k" }];
        const failed = await other.findKeys(asked).then(
          () => undefined,
          (error: unknown) => error,
        );
        expect(failed).to.include({ code: "STORAGE_UNAVAILABLE" });
        await other.close();
      } finally {
        detour.close();
      }
    });

    it("calls an activation off", async () => {
      const other = cluster.open(0, "x", { connectMs: 200 }, "postgresql://nobody:x@127.0.0.1:1/none");
      const aborter = new AbortController();
      const activation = other.activate(claimOf("x", 5n), aborter.signal).then(
        () => "activated",
        () => "called off",
      );
      aborter.abort();
      expect(await activation).to.equal("called off");
      await other.close();
    });

    it("takes no lease when it is called off while it connects", async () => {
      const other = cluster.open(0, "b");
      const aborter = new AbortController();
      const activation = other.activate(claimOf("b", 2n), aborter.signal).then(
        () => "activated",
        () => "called off",
      );
      aborter.abort(); // it has begun to connect, and nothing of it has been answered
      expect(await activation).to.equal("called off");
      expect((await store.renew(head.lease)).kind, "its owner is as before").to.equal("committed");
      await other.close();
    });

    it("takes the lease although a statement before COMMIT warned, and not when COMMIT itself did", async () => {
      const connection = await Connection.open(directly());
      await connection.query("DO $$ BEGIN RAISE WARNING 'a session to be ended had just gone'; END $$");
      const taken = await takeLease(connection, 0, claimOf("b", 2n), 0);
      expect(taken === "fenced" ? taken : taken.lease.epoch).to.equal(2n);
      await cluster.inShard(0, (client) =>
        client.query(`
          CREATE FUNCTION warn_in_commit() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE WARNING 'perhaps on this disk only'; RETURN NULL; END $$;
          CREATE CONSTRAINT TRIGGER warning_commit AFTER INSERT ON shard_epoch DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION warn_in_commit()`),
      );
      try {
        const failed = await takeLease(connection, 0, claimOf("b", 3n), 0).catch((error: unknown) => error);
        expect(failed).to.include({ code: "STORAGE_UNAVAILABLE" });
      } finally {
        connection.destroy("the test ended");
        await cluster.inShard(0, (client) => client.query("DROP FUNCTION warn_in_commit CASCADE"));
      }
    });

    /** A text that only a newer release can read, in the payments' newest rows. */
    const rewrite = (where: string): Promise<unknown> =>
      cluster.inShard(0, (client) => client.query(`UPDATE journal SET data = 'v2:secret' WHERE ${where}`));
    const openWith = (node: string, log: Log): ShardStore =>
      openShardStore({
        shard: 0,
        dsn: cluster.shards[0]?.dsn ?? "",
        node,
        clock: realClock,
        log,
        times: { retryMs: 20 },
      });

    it("names every open operation that it cannot read, and is not activated without it", async () => {
      const [one, well, two] = [acceptedDecision(), acceptedDecision(), acceptedDecision()];
      await store.commit(head.lease, batchOf(head, [one, well, two]));
      await rewrite("seq <> 2");
      const log = new KeptLog();
      const other = openWith("b", log);
      const failed = await other
        .activate(claimOf("b", 2n), AbortSignal.timeout(30_000))
        .catch((error: unknown) => error);
      // Not tried again at once: each try would raise the epoch.
      expect(failed).to.include({ code: "INVARIANT_BROKEN" });
      expect(log.errors.map(({ payment, operation }) => [payment, operation])).to.deep.equal(
        [one, two].map(({ payment }) => [payment.terms.id, payment.operation.id]),
      );
      expect(JSON.stringify([log.errors, String(failed)]), "a row's text in a log").not.to.include("secret");
      await other.close();
    });

    it("names a payment that it cannot read, and says neither that it does not exist nor that its key is new", async () => {
      const [one, well, ended] = [acceptedDecision(), acceptedDecision(), acceptedDecision()];
      const end = succeededDecision(ended.payment);
      await store.commit(head.lease, batchOf(head, [one, well, ended, end]));
      await rewrite("seq IN (1, 4)");
      const log = new KeptLog();
      const other = openWith("b", log);
      const asked = [one, well].map(({ payment: { terms } }) => ({ merchantId: terms.merchantId, id: terms.id }));
      const found = await other.findPayments(asked);
      expect(found.map((payment) => payment && payment.terms.id)).to.deep.equal([null, well.payment.terms.id]);
      expect(log.errors.splice(0).map(({ payment }) => payment)).to.deep.equal([one.payment.terms.id]);
      const keys = [one, well, ended].map((d) => ({
        merchantId: d.payment.terms.merchantId,
        key: d.keyRow?.key ?? "",
      }));
      const known = await other.findKeys(keys);
      expect(known.map((key) => [key?.row.key, key?.payment?.terms.id, key?.reply?.status])).to.deep.equal([
        [keys[0]?.key, undefined, undefined],
        [keys[1]?.key, well.payment.terms.id, undefined],
        [keys[2]?.key, undefined, end.entry.reply?.status],
      ]);
      expect(known[2]?.reply?.body).to.deep.equal(Buffer.from(end.entry.reply?.body ?? []));
      expect(log.errors.map(({ payment }) => payment)).to.have.members([one, ended].map((d) => d.payment.terms.id));
      await other.close();
    });

    it("marks when a notice was processed, and nothing else as that", async () => {
      const [waiting, done] = [noticeRow(), noticeRow()];
      await store.saveSide(head.lease, sideOf({ notices: [waiting, done] }));
      await store.saveSide(
        head.lease,
        sideOf({
          notices: [
            { ...done, state: "processed", nextTryAtMs: null },
            { ...waiting, state: "parked" },
          ],
        }),
      );
      const marks = await cluster.inShard(0, async (client) => {
        const { rows } = await client.query<{ state: string; ok: boolean }>(
          `SELECT state, processed_at BETWEEN clock_timestamp() - interval '1 minute' AND clock_timestamp() AS ok
             FROM gateway_event ORDER BY state`,
        );
        return rows.map(({ state, ok }) => [state, ok]);
      });
      expect(marks).to.deep.equal([
        ["parked", null],
        ["processed", true],
      ]);
    });

    it("refuses a batch for a row beside the journal that no column takes, and writes nothing of it", async () => {
      const t1 = acceptedDecision();
      const poisoned = [noticeRow({ notice: { bodyHash: "ab" } }), noticeRow({ notice: { dedupeKey: "nul \0" } })];
      for (const row of [...poisoned, noticeRow({ tries: 2 ** 31 }), noticeRow({ slot: 4_096 })]) {
        const side = sideOf({ notices: [row] });
        expect((await store.commit(head.lease, batchOf(head, [{ ...t1, side }]))).kind).to.equal("rejected");
        expect((await store.saveSide(head.lease, side)).kind).to.equal("rejected");
      }
      expect([await count("journal"), await count("gateway_event")]).to.deep.equal([0, 0]);
      expect((await store.commit(head.lease, batchOf(head, [t1]))).kind).to.equal("committed");
    });

    it("is activated without notices and endpoints that it cannot read, and names them", async () => {
      const [notice, lost] = [noticeRow(), noticeRow()];
      const [endpoint, broken] = [newEndpoint(), newEndpoint()];
      await store.saveSide(head.lease, sideOf({ notices: [notice, lost] }));
      await store.saveOutbox(head.lease, outboxOf({ endpoints: [endpoint, broken] }));
      await cluster.inShard(0, async (client) => {
        await client.query("UPDATE gateway_event SET notice = '{' WHERE dedupe_key = $1", [lost.notice.dedupeKey]);
        await client.query("UPDATE webhook_endpoint SET secrets = '{' WHERE url = $1 AND idempotency_key = $2", [
          broken.url,
          broken.idempotencyKey,
        ]);
      });
      const log = new KeptLog();
      const dsn = cluster.shards[0]?.dsn ?? "";
      const other = openShardStore({ shard: 0, dsn, node: "b", clock: realClock, log });
      const { waiting, endpoints } = await activated(other, claimOf("b", 2n));
      expect(waiting).to.deep.equal([notice]);
      expect(endpoints.map(({ id }) => id)).to.deep.equal([endpoint.id]);
      expect(log.errors).to.deep.equal([{ notice: lost.notice.dedupeKey }, { endpoint: broken.id }]);
      const { gateway, dedupeKey } = lost.notice;
      const seemsNew = await other.findNotices([{ gateway, dedupeKey }]).catch((error: unknown) => error);
      expect(seemsNew).to.include({ code: "STORAGE_UNAVAILABLE" });
      const { merchantId, id } = broken;
      const shown = await other.read(merchantId, { name: "webhookEndpoint", id }).catch((error: unknown) => error);
      expect(shown).to.include({ code: "STORAGE_UNAVAILABLE" });
      await other.close();
    });

    it("waits out an owner that may still answer from memory, and nobody who released", async () => {
      const waiting = cluster.open(0, "b", { takeOverWaitMs: 1_000 });
      const shardClock = async (sql: string): Promise<number> => {
        const text = `SELECT (extract(epoch FROM ${sql}) * 1000)::float8 AS ms FROM shard_lease`;
        const { rows } = await cluster.inShard(0, (client) => client.query<{ ms: number }>(text));
        return rows[0]?.ms ?? Number.NaN;
      };
      const renewedMs = await shardClock("renewed_at");
      const taken = await activated(waiting, claimOf("b", 2n, { isGone: () => false }));
      const servesMs = await shardClock("clock_timestamp()");
      expect(servesMs - renewedMs, "by the server's clock").to.be.at.least(1_000);
      expect((await waiting.renew(taken.lease)).kind).to.equal("committed");
      await waiting.release(taken.lease);
      const next = cluster.open(0, "c", { takeOverWaitMs: 60_000 });
      await activated(next, claimOf("c", 3n, { isGone: () => false }));
      await Promise.all([waiting.close(), next.close()]);
    });

    it("keeps an earlier wait when the new owner activates again or is itself replaced", async () => {
      const second = cluster.open(0, "b", { takeOverWaitMs: 60_000 });
      const aborter = new AbortController();
      const activation = second
        .activate(claimOf("b", 2n, { isGone: () => false }), aborter.signal)
        .catch(() => "called off");
      await cluster.inShard(0, (client) =>
        eventually(async () => {
          const { rows } = await client.query<{ epoch: string }>("SELECT epoch FROM shard_lease");
          return rows[0]?.epoch === "2" ? true : undefined;
        }),
      );
      aborter.abort();
      expect(await activation).to.equal("called off");
      const third = cluster.open(0, "c");
      const again = new AbortController();
      const retaken = third.activate(claimOf("c", 3n), again.signal).catch(() => "called off"); // b is gone, a may not be
      const left = await cluster.inShard(0, (client) =>
        eventually(async () => {
          const { rows } = await client.query<{ epoch: string; left_s: number }>(
            "SELECT epoch, extract(epoch FROM serve_after - clock_timestamp())::float8 AS left_s FROM shard_lease",
          );
          return rows[0]?.epoch === "3" ? rows[0].left_s : undefined;
        }),
      );
      expect(left).to.be.greaterThan(30);
      again.abort();
      await retaken;
      await Promise.all([second.close(), third.close()]);
    });

    it("reads on when its reading connection was ended", async () => {
      const t1 = acceptedDecision();
      await store.commit(head.lease, batchOf(head, [t1]));
      const asked = [{ merchantId: t1.payment.terms.merchantId, id: t1.payment.terms.id }];
      expect(await store.findPayments(asked)).to.have.lengthOf(1);
      const reader = await backendOf("a");
      await cluster.inShard(0, (client) => client.query("SELECT pg_terminate_backend($1)", [reader]));
      expect((await store.findPayments(asked))[0]?.terms.id).to.equal(t1.payment.terms.id);
    });

    it("leaves a newer owner's sessions alone when its own claim is too old", async () => {
      const newer = cluster.open(0, "b");
      const taken = await activated(newer, claimOf("b", 2n));
      const pid = await backendOf("b");
      expect(await store.activate(claimOf("a", 1n), never)).to.equal("fenced");
      expect((await newer.renew(taken.lease)).kind).to.equal("committed");
      expect(await backendOf("b")).to.equal(pid);
      await newer.close();
    });

    it("loads open operations for longer than a statement of a commit may take, in one activation", async () => {
      await store.commit(head.lease, batchOf(head, [acceptedDecision()]));
      const other = cluster.open(0, "b", { statementMs: 1_500, commitMs: 2_500, lockMs: 30_000, loadMs: 30_000 });
      const taken = await cluster.inShard(0, async (blocker) => {
        await blocker.query("BEGIN");
        await blocker.query("LOCK TABLE operation_open IN ACCESS EXCLUSIVE MODE");
        const activation = activated(other, claimOf("b", 2n));
        const waited = await Promise.race([
          activation.then(() => true),
          cluster.inShard(0, (client) =>
            eventually(async () => {
              const { rowCount } = await client.query(
                `SELECT 1 FROM pg_stat_activity WHERE application_name = 'paycluster:0:b' AND wait_event_type = 'Lock'
                    AND datname = current_database() AND clock_timestamp() - query_start > interval '4 s'`,
              );
              return rowCount === 0 ? undefined : true;
            }),
          ),
        ]);
        expect(waited).to.equal(true);
        await blocker.query("COMMIT");
        return activation;
      });
      expect([taken.lease.epoch, taken.open.length]).to.deep.equal([2n, 1]);
      expect((await other.commit(taken.lease, batchOf(taken, [acceptedDecision()]))).kind).to.equal("committed");
      await other.close();
    });

    it("does not take another owner's commits for lost data", async () => {
      const connection = await Connection.open(directly());
      const taken = await takeLease(connection, 0, claimOf("b", 2n), 0);
      if (taken === "fenced") throw new Error("fenced");
      const third = cluster.open(0, "c");
      const next = await activated(third, claimOf("c", 3n));
      expect((await third.commit(next.lease, batchOf(next, [acceptedDecision()]))).kind).to.equal("committed");
      const failed = await loadActivation(connection, taken, 1_000, silentLog).catch((error: unknown) => error);
      expect(failed).to.include({ code: "STORAGE_UNAVAILABLE" });
      connection.destroy("the test ended");
      await third.close();
    });

    it("refuses an activation when the journal and the lease disagree", async () => {
      await cluster.inShard(0, (client) => client.query("UPDATE shard_lease SET last_seq = 5"));
      const other = cluster.open(0, "b");
      await other.activate(claimOf("b", 2n), never).then(
        () => expect.fail("the journal is empty"),
        (error: unknown) => expect(error).to.include({ code: "INVARIANT_BROKEN" }),
      );
      await other.close();
    });
  });
});
