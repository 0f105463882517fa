/** A shard that an earlier release has written: brought to the newest schema with all its rows, while its nodes go on. */
import { readFileSync, readdirSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { expect } from "chai";
import type pg from "pg";
import type { Decision, DecisionBatch } from "../../actors/index.ts";
import { type ColumnType, Scratch, columnArray, compositeArray } from "../binary-arrays.ts";
import { activated } from "../contract.ts";
import { begun, lastOf } from "./contract-operations.ts";
import { dsnOfDatabase, withOwner } from "../databases.ts";
import { openShardStore } from "../index.ts";
import { INSERTS, type TableInsert, rowsOf } from "../tables.ts";
import { POSTINGS_THAT_DIFFER } from "../book-checks.ts";
import {
  acceptedDecision,
  asWritten,
  batchOf,
  claimOf,
  learnedDecision,
  newMerchant,
  realClock,
  requestedDecision,
  silentLog,
} from "./fixtures.ts";

const folder = new URL("../migrations/shard/", import.meta.url);
const migrations = readdirSync(folder).sort();
const BEFORE_OPERATIONS = migrations.filter((name) => name < "0008");
const SINCE = migrations.filter((name) => name >= "0008");

/** Columns of a table as releases before 0008 sent them. */
function earlierColumns<Row>({ columns }: TableInsert<Row>) {
  return columns.filter(({ name }) => name !== "refunding");
}

async function insertAsBefore<Row>(client: pg.Client, insert: TableInsert<Row>, batch: DecisionBatch): Promise<void> {
  const columns = earlierColumns(insert);
  const names = columns.map(({ name }) => name);
  const constants = insert.constants.map(({ name }) => name);
  const arrays = columns.map((column) => columnArray(column, insert.rowsOf(rowsOf(batch)), new Scratch()));
  await client.query(
    `INSERT INTO ${insert.table} (${[...names, ...constants].join(", ")})
     SELECT ${[...names.map((name) => `u.${name}`), ...constants.map(() => "0")].join(", ")}
       FROM unnest(${columns.map(({ type }, i) => `$${i + 1}::${type satisfies ColumnType}[]`).join(", ")}) AS u(${names.join(", ")})`,
    arrays,
  );
}

/** The journal as a node of the release before sends it, by its own row type. */
async function insertByOldType(client: pg.Client, batch: DecisionBatch): Promise<void> {
  const columns = earlierColumns(INSERTS.journal);
  const names = columns.map(({ name }) => name);
  const { rows } = await client.query<{ oid: number }>("SELECT 'journal_row'::regtype::oid AS oid");
  await client.query(
    `INSERT INTO journal (${names.join(", ")}, epoch, origin_shard)
     SELECT ${names.map((name) => `r.${name}`).join(", ")}, 0, 0 FROM unnest($1::journal_row[]) AS r`,
    [compositeArray(columns, rows[0]?.oid ?? 0, rowsOf(batch).journal, new Scratch())],
  );
}

describe("upgrade of a shard (needs postgres)", function () {
  this.timeout(60_000);
  const server = process.env["TEST_POSTGRES_URL"] ?? "";
  const database = `it_upgrade_${randomBytes(4).toString("hex")}`;
  const dsn = server === "" ? "" : dsnOfDatabase(server, database);
  const merchantId = newMerchant();
  const sale = begun("automatic", 1_000n, { merchantId, key: "sale" });
  const held = begun("manual", 500n, { merchantId, key: "held" });
  const open = acceptedDecision({ merchantId, key: "open" });
  const written = [...sale, ...held, open];

  before(async function () {
    if (server === "") this.skip();
    await withOwner(server, async (client) => {
      await client.query(`CREATE DATABASE ${database} TEMPLATE template0 ENCODING 'UTF8'`);
      const { rowCount } = await client.query("SELECT 1 FROM pg_roles WHERE rolname = 'paycluster_app'");
      if (rowCount === 0) await client.query("CREATE ROLE paycluster_app NOLOGIN");
    });
    const batch = batchOf({ lastSeq: 0n, lastAnchor: new Uint8Array(32) }, written);
    await withOwner(dsn, async (client) => {
      for (const name of BEFORE_OPERATIONS) await client.query(readFileSync(new URL(name, folder), "utf8"));
      await insertAsBefore(client, INSERTS.journal, batch);
      await insertAsBefore(client, INSERTS.payment, batch);
      await insertAsBefore(client, INSERTS.idempotency, batch);
      await insertAsBefore(client, INSERTS.ledgerEntry, batch);
      await client.query(
        `INSERT INTO shard_lease (epoch, slots_version, generation, last_seq, open_floor_seq, renewed_at, serve_after,
                                  released, node, process, anchor)
         VALUES (0, 1, 0, ${written.length}, 1, now(), '-infinity', true, '', '', decode(repeat('00', 32), 'hex'))`,
      );
      for (const name of SINCE) await client.query(readFileSync(new URL(name, folder), "utf8"));
    });
  });
  after(async () => {
    if (server !== "") await withOwner(server, (client) => client.query(`DROP DATABASE ${database} WITH (FORCE)`));
  });

  it("keeps payments, keys, open operations, events and balances, and goes on with them", async () => {
    const store = openShardStore({ shard: 0, dsn, node: "a", clock: realClock, log: silentLog });
    try {
      const head = await activated(store, claimOf("a", 1n));
      expect(head.open.map(({ payment, request }) => [payment, request?.idempotencyKey])).to.deep.equal([
        [asWritten(open), "open"],
      ]);
      const asked = [sale, held].map((rows) => ({ merchantId, id: lastOf(rows).terms.id }));
      expect(await store.findPayments(asked)).to.deep.equal([sale, held].map((rows) => asWritten(rows[1] as Decision)));
      const [key] = await store.findKeys([{ merchantId, key: "sale" }]);
      expect([key?.reply?.status, key?.payment?.status]).to.deep.equal([201, "captured"]);
      const events = await store.read(merchantId, { name: "events", page: { limit: 100, after: null } });
      expect(events?.name === "events" && events.found.items.map(({ payment }) => payment)).to.deep.equal(
        written.map(asWritten),
      );

      const balances = async () => {
        const result = await store.read(merchantId, { name: "balances" });
        const [found] = result?.name === "balances" ? result.found : [];
        return [found?.heldMinor, found?.payableMinor, found?.refundingMinor];
      };
      expect(await balances()).to.deep.equal([500n, 1_000n, 0n]);
      const refund = requestedDecision(lastOf(sale), "refundRequested", { amountMinor: 300n });
      const capture = requestedDecision(lastOf(held), "captureRequested", { amountMinor: 200n });
      const captured = learnedDecision(capture.payment, { kind: "captured", reference: null });
      const outcome = await store.commit(head.lease, batchOf(head, [refund, capture, captured]));
      expect(outcome.kind).to.equal("committed");
      expect(await balances()).to.deep.equal([0n, 900n, 300n]);
      expect((await store.rollUpBalances(head.lease, [merchantId])).kind).to.equal("committed");
      expect(await balances()).to.deep.equal([0n, 900n, 300n]);
      expect(await withOwner(dsn, async (client) => (await client.query(POSTINGS_THAT_DIFFER)).rows)).to.deep.equal([]);
    } finally {
      await store.close();
    }
  });

  it("takes rows that a node of the release before sends", async () => {
    const t1 = acceptedDecision();
    const refunding = await withOwner(dsn, async (client) => {
      await insertByOldType(client, batchOf({ lastSeq: 99n, lastAnchor: new Uint8Array(32) }, [t1]));
      const { rows } = await client.query<{ refunding: string }>("SELECT refunding FROM journal WHERE seq = 100");
      return rows[0]?.refunding;
    });
    expect(refunding).to.equal("0");
  });
});
