/** Provisioning, rights, the control store and binary arrays on a real PostgreSQL. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import pg from "pg";
import { slotOfMerchant } from "../../actors/domain/index.ts";
import { type Column, type ColumnType, Scratch, column, columnArray } from "../binary-arrays.ts";
import { withOwner } from "../databases.ts";
import {
  ensureKeyFile,
  ensureSecret,
  fileKeyProvider,
  getSecret,
  openControlStore,
  provisionCluster,
  setSecret,
} from "../index.ts";
import { type TestCluster, testCluster } from "./cluster.ts";
import { newMerchant, silentLog } from "./fixtures.ts";

describe("databases on PostgreSQL", function () {
  this.timeout(60_000);
  let cluster: TestCluster;

  before(async function () {
    const made = await testCluster(2);
    if (made === undefined) this.skip();
    cluster = made;
  });
  after(() => cluster?.drop());

  /** SQLSTATE of a statement as the application, or "" when it is allowed. */
  async function asApplication(dsn: string, text: string): Promise<string> {
    const client = new pg.Client({ connectionString: dsn });
    await client.connect();
    try {
      await client.query("BEGIN");
      await client.query(text);
      return "";
    } catch (error) {
      return (error as { code?: string }).code ?? "?";
    } finally {
      await client.end();
    }
  }

  it("D1 outlives its sessions, whatever it was doing on them", async () => {
    const { dsn } = cluster.control;
    const store = openControlStore({ dsn, who: "test", log: silentLog, keys: null });
    const heard: unknown[] = [];
    const listener = (error: unknown): void => void heard.push(error);
    process.on("uncaughtException", listener);
    const name = new URL(dsn).pathname.slice(1);
    let failed = 0;
    await withOwner(cluster.server, async (client) => {
      for (let round = 0; round < 60; round++) {
        const reads = Array.from({ length: 4 }, () => store.loadDirectory().catch(() => failed++));
        await client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", [name]);
        await Promise.all(reads);
      }
    });
    process.off("uncaughtException", listener);
    expect(failed, "some were ended in the middle").to.be.above(0);
    expect((await store.loadDirectory()).shards.length).to.equal(2);
    await store.close();
    expect(heard).to.deep.equal([]);
  });

  describe("provisioning", () => {
    const again = (shardCount: number) =>
      provisionCluster({
        controlServer: cluster.server,
        shardServers: [cluster.server],
        shardCount,
        slotsOf: () => [4_000],
        prefix: cluster.prefix,
      });

    it("adopts what is there: same passwords, slots untouched", async () => {
      expect(cluster.created).to.equal(true);
      const adopted = await again(2);
      expect(adopted.created).to.equal(false);
      expect(adopted.control).to.deep.equal(cluster.control);
      expect(adopted.shards).to.deep.equal(cluster.shards);
      const slots = await cluster.inShard(
        1,
        async (client) => (await client.query<{ slot: number }>("SELECT slot FROM shard_slot ORDER BY slot")).rows,
      );
      expect(slots.map((r) => r.slot)).to.deep.equal([1, 2, 3]);
    });

    it("may run twice at once", async () => {
      const [one, two] = await Promise.all([again(2), again(2)]);
      expect(one.shards).to.deep.equal(two.shards);
    });

    it("refuses databases of a cluster with another number of shards", async () => {
      await again(3).then(
        () => expect.fail("slots would be owned twice"),
        (error: unknown) => expect(String(error)).to.match(/2 shards, not 3/),
      );
    });

    it("keeps secrets that the first caller made, for the owner only", async () => {
      const { ownerDsn, dsn } = cluster.control;
      const made = await Promise.all(["a", "b", "c"].map((value) => ensureSecret(ownerDsn, "one", () => value)));
      expect(new Set(made).size).to.equal(1);
      await setSecret(ownerDsn, "one", "changed");
      expect(await getSecret(ownerDsn, "one")).to.equal("changed");
      expect(await getSecret(ownerDsn, "none")).to.equal(undefined);
      expect(await asApplication(dsn, "SELECT * FROM sandbox_secret")).to.equal("42501");
    });

    it("lets nobody else connect", async () => {
      const role = `${cluster.prefix}_stranger`;
      await withOwner(cluster.server, (client) => client.query(`CREATE ROLE ${role} LOGIN PASSWORD 'x'`));
      try {
        const url = new URL(cluster.shards[0]?.dsn ?? "");
        url.username = role;
        url.password = "x";
        await asApplication(url.toString(), "SELECT 1").then(
          () => expect.fail("a stranger connected"),
          (error: unknown) => expect(error).to.include({ code: "42501" }),
        );
      } finally {
        await withOwner(cluster.server, (client) => client.query(`DROP ROLE ${role}`));
      }
    });
  });

  describe("rights of the application", () => {
    const kept = "merchant_balance merchant_balance_through gateway_event discrepancy delivery".split(" ");
    const insertOnly = [
      "payment",
      "journal",
      "idempotency",
      "ledger_entry",
      "commit_anchor",
      "shard_epoch",
      "merchant_event",
    ];
    const forbidden = [
      ...[...insertOnly, ...kept].flatMap((table) => [`DELETE FROM ${table}`, `TRUNCATE ${table}`]),
      "UPDATE payment SET amount = 1",
      "UPDATE journal SET captured = 0",
      "UPDATE idempotency SET route = ''",
      "UPDATE ledger_entry SET amount = 1",
      "UPDATE commit_anchor SET last_seq = 1",
      "UPDATE shard_epoch SET node = ''",
      "UPDATE merchant_event SET body = ''",
      "DELETE FROM shard_lease",
      "INSERT INTO shard_lease SELECT * FROM shard_lease",
      "DELETE FROM shard_slot",
      "CREATE TABLE mine (x int)",
      "CREATE SCHEMA mine",
      "ALTER TABLE journal DISABLE TRIGGER ALL",
      "DROP TABLE journal",
      "CREATE ROLE other",
    ];
    for (const text of forbidden)
      it(`refuses ${text}`, async () =>
        expect(await asApplication(cluster.shards[0]?.dsn ?? "", text)).to.equal("42501"));

    for (const text of [
      "UPDATE audit SET who = ''",
      "DELETE FROM audit",
      "DELETE FROM merchant",
      "CREATE TABLE mine (x int)",
    ])
      it(`refuses ${text} in the control database`, async () =>
        expect(await asApplication(cluster.control.dsn, text)).to.equal("42501"));
  });

  describe("control store", () => {
    let folder: string;
    before(() => {
      folder = mkdtempSync(join(tmpdir(), "keys-"));
      ensureKeyFile(join(folder, "keys.json"));
    });
    after(() => rmSync(folder, { recursive: true }));
    const open = (withKeys = true) =>
      openControlStore({
        dsn: cluster.control.dsn,
        who: "test",
        log: silentLog,
        keys: withKeys ? fileKeyProvider(join(folder, "keys.json")) : null,
      });

    it("gives back the directory as it was written", async () => {
      const store = open();
      const id = newMerchant();
      const merchant = {
        id,
        slot: slotOfMerchant(id),
        gateways: [
          { name: "adyen" as const, account: "A" },
          { name: "stripe" as const, account: "acct_1" },
        ],
        currencies: ["EUR", "USD"],
        rateLimitPerSecond: 250,
      };
      const secretHash = randomBytes(32);
      const shardOfSlot = Array.from({ length: 4096 }, (_, slot) => slot % 2);
      const key = { kid: "k-1", alg: "ES256", publicJwk: { kty: "EC" }, privateJwk: { kty: "EC", d: "secret" } };
      expect(await store.addMerchant(merchant)).to.equal(true);
      expect(await store.addMerchant(merchant)).to.equal(false);
      expect(await store.addClient({ id: "client", merchantId: id, secretHash, scopes: ["payments:read"] })).to.equal(
        true,
      );
      expect(await store.addSigningKey(key)).to.equal(true);
      expect(await store.saveSlotMap({ version: 1n, shardOfSlot }, "first")).to.equal(true);
      expect(await store.saveSlotMap({ version: 1n, shardOfSlot: shardOfSlot.toReversed() }, "again")).to.equal(false);
      const directory = await store.loadDirectory();
      expect(directory.merchants).to.deep.equal([{ ...merchant, status: "active" }]);
      expect(directory.clients).to.deep.equal([
        { id: "client", merchantId: id, status: "active", secretHashes: [secretHash], scopes: ["payments:read"] },
      ]);
      expect(directory.signingKeys).to.deep.equal([key]);
      expect(directory.slotMap).to.deep.equal({ version: 1n, shardOfSlot });
      expect(directory.shards.map((s) => ({ id: s.id, dsn: s.dsn }))).to.deep.equal(
        cluster.shards.map((s) => ({ id: s.id, dsn: s.dsn })),
      );
      expect(await store.revokeClient("client", "test")).to.equal(true);
      expect(await store.revokeClient("client", "test")).to.equal(false);
      await store.close();
      const closed = open(false);
      const later = await closed.loadDirectory();
      expect(later.clients[0]?.status).to.equal("revoked");
      expect(later.signingKeys[0]?.privateJwk).to.equal(null);
      await closed.close();
    });

    it("chains its audit trail: a changed row shows", async () => {
      const store = open();
      expect(await store.findBrokenAudit()).to.equal(undefined);
      await withOwner(cluster.control.ownerDsn, (client) =>
        client.query("UPDATE audit SET who = 'somebody' WHERE id = 2"),
      );
      expect(await store.findBrokenAudit()).to.equal(2n);
      await store.close();
    });
  });

  describe("binary arrays", () => {
    type Cell = readonly [ColumnType, fc.Arbitrary<never>, string];
    const as = (arbitrary: fc.Arbitrary<unknown>): fc.Arbitrary<never> => arbitrary as fc.Arbitrary<never>;
    const bytes = fc.uint8Array({ maxLength: 400 }).map((b) => Buffer.from(b));
    /** Type, values, and how the server shows one for comparison. */
    const cells: readonly Cell[] = [
      ["int2", as(fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 })), "x::text"],
      ["int4", as(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })), "x::text"],
      ["int8", as(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), "x::text"],
      [
        "text",
        as(fc.string({ unit: "binary", maxLength: 300 }).filter((t) => !t.includes("\0") && t.isWellFormed())),
        "x",
      ],
      ["bytea", as(bytes), "encode(x, 'hex')"],
      ["uuid", as(fc.uint8Array({ minLength: 16, maxLength: 16 })), "encode(uuid_send(x), 'hex')"],
      [
        "timestamptz",
        as(fc.integer({ min: -(10 ** 12), max: 8 * 10 ** 12 })),
        "(extract(epoch FROM x) * 1000)::int8::text",
      ],
    ];
    const shown = (value: unknown): string | null =>
      value === null
        ? null
        : value instanceof Uint8Array
          ? Buffer.from(value).toString("hex")
          : `${value as string | number | bigint}`;

    for (const [type, values, expression] of cells)
      it(`the server reads ${type} as it was written, nulls included`, async () => {
        const of: Column<never> = column<never, ColumnType>("x", type, (row) => row);
        await withOwner(cluster.control.ownerDsn, (client) =>
          fc.assert(
            fc.asyncProperty(fc.array(fc.option(values), { maxLength: 40 }), async (rows) => {
              const parameter = columnArray(of, rows as never[], new Scratch());
              const { rows: echoed } = await client.query<{ y: string | null }>(
                `SELECT ${expression} AS y FROM unnest($1::${type}[]) WITH ORDINALITY AS u(x, n) ORDER BY n`,
                [parameter],
              );
              expect(echoed.map((row) => row.y)).to.deep.equal(rows.map(shown));
            }),
            { numRuns: 60 },
          ),
        );
      });
  });
});
