/** A shard that an earlier release has written: brought to the newest schema with all its rows, while its nodes go on. */
import { readFileSync, readdirSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { expect } from "chai";
import type pg from "pg";
import { bytesOfId } from "../../actors/domain/index.ts";
import type { Decision, DecisionBatch } from "../../actors/index.ts";
import { type ColumnType, Scratch, columnArray, compositeArray } from "../binary-arrays.ts";
import { activated } from "../contract.ts";
import { begun, lastOf } from "./contract-operations.ts";
import { dsnOfDatabase, withOwner } from "../databases.ts";
import { openShardStore } from "../index.ts";
import { INSERTS, type TableInsert, rowsOf } from "../tables.ts";
import { POSTINGS_THAT_DIFFER } from "../book-checks.ts";
import {
  FAILURE,
  acceptedDecision,
  asWritten,
  batchOf,
  claimOf,
  lateDecision,
  learnedDecision,
  newMerchant,
  realClock,
  requestedDecision,
  silentLog,
  succeededDecision,
} from "./fixtures.ts";
import { newEndpoint, noticeRow, outboxOf, sideOf } from "./side-fixtures.ts";

const folder = new URL("../migrations/shard/", import.meta.url);
const migrations = readdirSync(folder).sort();
const OPERATIONS = "0008";
const INBOX = "0009";

/** Columns of a table as releases before `release` sent them. */
function earlierColumns<Row>({ columns }: TableInsert<Row>, release: string) {
  return columns.filter(({ name }) => release > OPERATIONS || name !== "refunding");
}

async function insertAsBefore<Row>(
  client: pg.Client,
  insert: TableInsert<Row>,
  batch: DecisionBatch,
  release: string,
): Promise<void> {
  const columns = earlierColumns(insert, release);
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
  const columns = earlierColumns(INSERTS.journal, OPERATIONS);
  const names = columns.map(({ name }) => name);
  const { rows } = await client.query<{ oid: number }>("SELECT 'journal_row'::regtype::oid AS oid");
  await client.query(
    `INSERT INTO journal (${names.join(", ")}, epoch, origin_shard)
     SELECT ${names.map((name) => `r.${name}`).join(", ")}, 0, 0 FROM unnest($1::journal_row[]) AS r`,
    [compositeArray(columns, rows[0]?.oid ?? 0, rowsOf(batch).journal, new Scratch())],
  );
}

const server = process.env["TEST_POSTGRES_URL"] ?? "";

/** A database that the release before `release` has made and written, brought to the newest schema. */
async function upgraded(database: string, release: string, written: readonly Decision[], more = ""): Promise<string> {
  const dsn = dsnOfDatabase(server, database);
  await withOwner(server, async (client) => {
    await client.query(`CREATE DATABASE ${database} TEMPLATE template0 ENCODING 'UTF8'`);
    const { rowCount } = await client.query("SELECT 1 FROM pg_roles WHERE rolname = 'paycluster_app'");
    if (rowCount === 0) await client.query("CREATE ROLE paycluster_app NOLOGIN");
  });
  const batch = batchOf({ lastSeq: 0n, lastAnchor: new Uint8Array(32) }, written);
  await withOwner(dsn, async (client) => {
    const run = async (names: readonly string[]) => {
      for (const name of names) await client.query(readFileSync(new URL(name, folder), "utf8"));
    };
    await run(migrations.filter((name) => name < release));
    await insertAsBefore(client, INSERTS.journal, batch, release);
    await insertAsBefore(client, INSERTS.payment, batch, release);
    await insertAsBefore(client, INSERTS.idempotency, batch, release);
    await insertAsBefore(client, INSERTS.ledgerEntry, batch, release);
    await client.query(
      `INSERT INTO shard_lease (epoch, slots_version, generation, last_seq, open_floor_seq, renewed_at, serve_after,
                                released, node, process, anchor)
       VALUES (0, 1, 0, ${written.length}, 1, now(), '-infinity', true, '', '', decode(repeat('00', 32), 'hex'))`,
    );
    if (more !== "") await client.query(more);
    await run(migrations.filter((name) => name >= release));
  });
  return dsn;
}
const drop = (database: string) =>
  withOwner(server, (client) => client.query(`DROP DATABASE ${database} WITH (FORCE)`));

describe("upgrade of a shard (needs postgres)", function () {
  this.timeout(60_000);
  const database = `it_upgrade_${randomBytes(4).toString("hex")}`;
  let dsn = "";
  const merchantId = newMerchant();
  const sale = begun("automatic", 1_000n, { merchantId, key: "sale" });
  const held = begun("manual", 500n, { merchantId, key: "held" });
  const open = acceptedDecision({ merchantId, key: "open" });
  const written = [...sale, ...held, open];

  before(async function () {
    if (server === "") this.skip();
    dsn = await upgraded(database, OPERATIONS, written);
  });
  after(async () => {
    if (server !== "") await drop(database);
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

describe("upgrade of a shard that knows refunds, but no inbox (needs postgres)", function () {
  this.timeout(60_000);
  const database = `it_upgrade_${randomBytes(4).toString("hex")}`;
  let dsn = "";
  const merchantId = newMerchant();
  const t1 = acceptedDecision({ merchantId, amountMinor: 1_000n, named: "by an earlier release" });
  const paid = succeededDecision(t1.payment);
  const refund = requestedDecision(paid.payment, "refundRequested", { amountMinor: 300n });
  const canceled = acceptedDecision({ merchantId, amountMinor: 40n, named: "by an earlier release" });
  const cancel = requestedDecision(canceled.payment, "cancelRequested");
  const { operation } = canceled.payment;
  const late = learnedDecision(cancel.payment, { kind: "captured", reference: "pi_1" }, { operation });
  /** The release before left a payment captured whose cancel came to nothing. */
  const settled = learnedDecision(late.payment, { kind: "cancelSettled" }, { operation: cancel.payment.operation });
  const stayed: Decision = { ...settled, payment: { ...settled.payment, status: "captured" } };
  const refused = acceptedDecision({ merchantId, named: "by an earlier release" });
  const declined = learnedDecision(refused.payment, { kind: "declined", failure: FAILURE, reference: null });
  const written = [t1, paid, refund, canceled, cancel, late, stayed, refused, declined];

  before(async function () {
    if (server === "") this.skip();
    dsn = await upgraded(database, INBOX, written);
  });
  after(async () => {
    if (server !== "") await drop(database);
  });

  it("keeps what it wrote, a cancel that left a payment captured included", async () => {
    const store = openShardStore({ shard: 0, dsn, node: "a", clock: realClock, log: silentLog });
    try {
      const head = await activated(store, claimOf("a", 1n));
      expect(head.open.map(({ operation: { id } }) => id)).to.deep.equal([refund.payment.operation.id]);
      expect([head.waiting, head.endpoints]).to.deep.equal([[], []]);
      const newest = [refund, stayed, declined];
      const asked = newest.map(({ payment: { terms } }) => ({ merchantId, id: terms.id }));
      expect(await store.findPayments(asked)).to.deep.equal(newest.map(asWritten));
      const views = await store.findOperations(
        [paid, refund, late, cancel, declined].map(({ payment }) => payment.operation.id),
      );
      expect(
        views.map((view) => view && [view.operation.kind, view.operation.state, view.payment.version]),
      ).to.deep.equal([
        ["sale", "succeeded", 3],
        ["refund", "submitted", 3],
        ["sale", "succeeded", 4],
        ["void", "succeeded", 4],
        undefined, // it had a uuid of its own and has booked nothing: nothing leads to it
      ]);
    } finally {
      await store.close();
    }
  });

  it("goes on with late facts, an inbox and endpoints; balances hold, also when a node of that release sums them up", async () => {
    const store = openShardStore({ shard: 0, dsn, node: "a", clock: realClock, log: silentLog });
    try {
      const head = await activated(store, claimOf("a", 1n));
      const balances = async () => {
        const result = await store.read(merchantId, { name: "balances" });
        const [found] = result?.name === "balances" ? result.found : [];
        return [found?.payableMinor, found?.refundingMinor, found?.receivableMinor[0]?.amountMinor];
      };
      expect(await balances()).to.deep.equal([740n, 300n, 1_040n]);
      const dispute = { reference: "dp_1", state: "lost", amount: "200" } as const;
      const opened = lateDecision(
        refund.payment,
        { kind: "disputeHeld", dispute: { ...dispute, funds: "held" } },
        paid.payment.operation,
      );
      const lost = lateDecision(opened.payment, { kind: "disputeLost", dispute: { ...dispute, funds: "lost" } });
      const notice = noticeRow();
      const outcome = await store.commit(
        head.lease,
        batchOf(head, [opened, { ...lost, side: sideOf({ notices: [notice] }) }]),
      );
      expect(outcome.kind).to.equal("committed");
      const { gateway, dedupeKey } = notice.notice;
      expect(await store.findNotices([{ gateway, dedupeKey }])).to.deep.equal([notice]);
      const endpoint = newEndpoint({ merchantId });
      expect((await store.saveOutbox(head.lease, outboxOf({ endpoints: [endpoint] }))).kind).to.equal("committed");
      expect(await balances()).to.deep.equal([540n, 300n, 840n]);
      await withOwner(dsn, (client) =>
        client.query("SELECT roll_up_balances($1, $2, ARRAY[encode($3, 'hex')::uuid], 1000, $4)", [
          head.lease.epoch,
          head.lease.slotsVersion,
          Buffer.from(bytesOfId(merchantId)),
          POSTING_BEFORE,
        ]),
      );
      expect(await balances()).to.deep.equal([540n, 300n, 840n]);
      expect(await withOwner(dsn, async (client) => (await client.query(POSTINGS_THAT_DIFFER)).rows)).to.deep.equal([]);
    } finally {
      await store.close();
    }
  });
});

/** Facts of which the release before knew that they have ledger entries. */
const POSTING_BEFORE = [5, 6, 9, 10, 11, 12, 16, 20, 21];
