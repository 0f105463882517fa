/** The checker's own proof: each invariant is seen to fail when the books, or the gateways' logs, are changed so that it does not hold. */
import { expect } from "chai";
import { readFileSync, writeFileSync } from "node:fs";
import { BOOK_INVARIANTS, type BookInvariant } from "../../ops/verify/books.ts";
import { INVARIANT_NAMES } from "../../storage/index.ts";
import type { Charge } from "./rig/charge-log.ts";
import { Cluster, until } from "./rig/cluster.ts";
import { expectInvariants, type InvariantName } from "./rig/invariants.ts";
import { cancel, capture, Merchant, payment, refund } from "./rig/merchant.ts";

const WITHIN_MS = 60_000;
const STRIPE = { amount: 1_000, gateway: "stripe" };
const MANUAL = { ...STRIPE, capture_method: "manual" };

const on = (key: string): string => `(SELECT payment_id FROM idempotency WHERE key = '${key}')`;
const last = (key: string): string =>
  `payment_id = ${on(key)} AND version = (SELECT max(version) FROM journal WHERE payment_id = ${on(key)})`;
const first = (key: string): string => `payment_id = ${on(key)} AND version = 1`;

/** Tables that are put back after each forgery. */
const FORGED = [
  "journal",
  "ledger_entry",
  "idempotency",
  "payment",
  "commit_anchor",
  "shard_epoch",
  "gateway_event",
].concat(["discrepancy", "webhook_endpoint", "merchant_event", "delivery", "operation_open"]);

const notice = (columns: string): string => `
  INSERT INTO gateway_event (gateway, dedupe_key, slot, payment_id, received_at, processed_at, state, tries, body_hash, type, verdict, notice)
  SELECT 0, 'forged', 0, ${columns}, 0, pg_catalog.sha256('x'::bytea), 'forged', 'confirming', '{}'`;
const finding = (columns: string): string => `
  INSERT INTO discrepancy (slot, payment_id, class, state, dedupe_key, observed, first_seen_at) SELECT 0, ${columns}, 'forged', 'x', now()`;
/** Nobody sends to it: it is not in the node's memory. */
const endpoint = (types: string): string => `
  INSERT INTO webhook_endpoint (created_at, updated_at, slot, id, merchant_id, url, event_types, status, secrets, idempotency_key, fingerprint)
  SELECT '2000-01-01', '2000-01-01', slot, gen_random_uuid(), merchant_id, 'https://x.example', ${types}, 'enabled', '[]', 'forged', fingerprint
    FROM idempotency WHERE key = 'sold'`;
const event = (sequence: number): string => `
  INSERT INTO merchant_event (payment_id, sequence, id, merchant_id, slot, type, created_at, body)
  SELECT payment_id, ${sequence}, gen_random_uuid(), merchant_id, slot, 'payment.captured', now(), '{}' FROM idempotency WHERE key = 'sold'`;
/** Turns one bit of a hash. */
const bit = (column: string): string => `${column} = set_byte(${column}, 0, get_byte(${column}, 0) # 1)`;

/** Numbers are codes: see the migrations. Each must be found whatever else its change breaks. */
const FORGERIES: { readonly [N in Exclude<InvariantName, BookInvariant | Untried>]: string } = {
  "I5 a payment is still pending": `UPDATE journal SET kind = 3, from_status = 1, to_status = 1 WHERE ${last("held")}`,
  "I5 an operation is still open": `UPDATE journal SET operation_state = 1 WHERE ${last("sold")}`,
  "I5 an operation in doubt is noted though it ended": `
    INSERT INTO operation_open SELECT operation_id, payment_id, now(), now(), 0, slot FROM idempotency WHERE key = 'sold'`,
  "I5 an open operation is one that no owner would find": `UPDATE journal SET operation_state = 1 WHERE ${last("sold")}`,
  "I6 a row does not start where the one before ended": `
    UPDATE journal SET kind = 6, from_status = 1 WHERE ${last("sold")}`,
  "I6 an end was left otherwise than by a late success": `
    ALTER TABLE journal DROP CONSTRAINT IF EXISTS journal_transition; UPDATE journal SET from_status = 4 WHERE ${last("sold")}`,
  "I7 versions of a payment have a gap": `UPDATE journal SET version = version + 10 WHERE ${last("sold")}`,
  "I7 the journal's seq has a gap": "UPDATE journal SET seq = seq + 10 WHERE seq = (SELECT last_seq FROM shard_lease)",
  "I7 a commit's anchor is not the hash of its rows": `UPDATE journal SET ${bit("hash")} WHERE ${first("sold")}`,
  "I7 an anchor does not continue the one before": `
    UPDATE commit_anchor SET ${bit("previous")} WHERE first_seq = (SELECT max(first_seq) FROM commit_anchor)`,
  "I8 the ledger is not what the payments' journal rows say": `
    UPDATE ledger_entry SET amount = amount + 1 WHERE payment_id = ${on("sold")} AND kind = 2`,
  "I10 a payment has not exactly one capture posting of what it captured": `
    UPDATE ledger_entry SET amount = amount - 1 WHERE payment_id = ${on("sold")} AND kind = 2;
    INSERT INTO ledger_entry SELECT 1, seq, slot, kind, debit, credit, gateway, gen_random_uuid(), payment_id, merchant_id, currency
      FROM ledger_entry WHERE payment_id = ${on("sold")} AND kind = 2`,
  "I10 a failed payment has postings": `
    INSERT INTO ledger_entry SELECT e.amount, e.seq, e.slot, 2, debit, credit, gateway, gen_random_uuid(), ${on("declined")}, e.merchant_id, currency
      FROM ledger_entry e WHERE payment_id = ${on("sold")} AND kind = 2`,
  "I10 a hold was not released exactly once when it ended, or before": `
    INSERT INTO ledger_entry SELECT amount, seq, slot, kind, debit, credit, gateway, gen_random_uuid(), payment_id, merchant_id, currency
      FROM ledger_entry WHERE payment_id = ${on("voided")} AND kind = 0;
    UPDATE ledger_entry SET amount = 2 * amount WHERE payment_id = ${on("voided")} AND kind = 1`,
  "I10 a canceled payment keeps money": `UPDATE journal SET captured = 5 WHERE ${last("voided")}`,
  "I10 a late success was not given back": `UPDATE journal SET kind = 12, from_status = 4 WHERE ${last("sold")}`,
  "I10 a compensation gives nothing back, or a captured payment was canceled that had no late success": `
    UPDATE journal SET cause = 'compensation' WHERE payment_id = ${on("taken")} AND kind = 14`,
  "I11 a payment has no history, or a history no payment": `
    INSERT INTO payment SELECT amount, created_at, slot, capture_method, gateway, merchant_id, gen_random_uuid(), currency,
           gateway_account, 'forged', merchant_reference, description, metadata, sealed FROM payment WHERE id = ${on("sold")}`,
  "I11 an ended operation that was asked for has not exactly one stored reply, or an open one has any": `
    UPDATE journal SET reply_status = NULL, reply_body = NULL WHERE ${last("taken")}`,
  "I11 a reply answers no key": "UPDATE idempotency SET operation_id = gen_random_uuid() WHERE key = 'back'",
  "I11 an operation has no key and is no compensation, or has one and is": `
    UPDATE journal SET cause = 'compensation' WHERE ${first("sold")}`,
  "I11 a key has no operation, or an operation two keys": `
    INSERT INTO idempotency SELECT slot, merchant_id, payment_id, operation_id, 'sold-too', route, fingerprint
      FROM idempotency WHERE key = 'sold'`,
  "I11 the key of an endpoint names a payment": "UPDATE idempotency SET of_endpoint = true WHERE key = 'sold'",
  "I11 a journal row has not exactly the postings of its fact": `
    UPDATE ledger_entry SET seq = seq + 1000 WHERE payment_id = ${on("held")}`,
  "I15 an epoch decreases along the journal": `UPDATE journal SET epoch = epoch + 5 WHERE ${first("sold")}`,
  "I15 a row was written under an epoch that nobody took": "UPDATE journal SET epoch = epoch + 5",
  "I19 two operations have one gateway key": `
    UPDATE journal SET gateway_key = (SELECT gateway_key FROM journal WHERE ${first("sold")}) WHERE ${first("held")}`,
  "I20 refunds are not what the payment says of them, or more than was captured": `
    UPDATE journal SET operation_amount = operation_amount + 1 WHERE payment_id = ${on("back")} AND kind = 16`,
  "I20 a refund is not reserved once and then settled, released or open": `
    INSERT INTO ledger_entry SELECT amount, seq, slot, 6, credit, debit, gateway, operation_id, payment_id, merchant_id, currency
      FROM ledger_entry WHERE payment_id = ${on("sold")} AND kind = 4;
    INSERT INTO ledger_entry SELECT amount, seq, slot, 4, debit, credit, gateway, gen_random_uuid(), payment_id, merchant_id, currency
      FROM ledger_entry WHERE payment_id = ${on("sold")} AND kind = 4`,
  "I20 a dispute's postings are not what the payment says of it": `
    UPDATE ledger_entry SET amount = amount - 1 WHERE payment_id = ${on("disputed")} AND kind = 8`,
  "I28 a late fact has no finding": "UPDATE discrepancy SET class = 'D99' WHERE class = 'D03'",
  "H1 a notice bears a verdict that its state cannot have": "UPDATE gateway_event SET verdict = reverse(verdict)",
  "H1 an applied notice has no payment that it was applied to": `
    ${notice("gen_random_uuid(), now(), now(), 'processed'")}; UPDATE gateway_event SET verdict = 'applied' WHERE dedupe_key = 'forged'`,
  "H6 a notice waits longer than it may": notice("NULL, now(), NULL, 'received'"),
  "I12 an event has no delivery at an endpoint that wants it": endpoint("NULL"),
  "I12 a delivery has no event, or an event no journal row": event(99),
  "G6 a payment is in review": finding(`${on("sold")}, 'D05', 'open'`),
};
/** The lease and the balances change while the node runs; a note breaks nothing. */
type Untried =
  | "I7 the lease's last seq is not the journal's"
  | "I8 rolled-up balances are not the sums of their postings"
  | "H4 a notice is parked";
const UNTRIED: { readonly [N in Untried]: readonly [change: string, back: string] | null } = {
  "I7 the lease's last seq is not the journal's": [
    "UPDATE shard_lease SET last_seq = last_seq + 1 WHERE last_seq > 0",
    "UPDATE shard_lease SET last_seq = last_seq - 1 WHERE last_seq > 0",
  ],
  "I8 rolled-up balances are not the sums of their postings": [
    "INSERT INTO merchant_balance VALUES (5, gen_random_uuid(), 1, 0, 0, 'EUR', 'pending')",
    "DELETE FROM merchant_balance WHERE balance = 5",
  ],
  "H4 a notice is parked": null,
};
/** As the others, where an event of the type is there. */
const MORE: readonly (readonly [InvariantName, string])[] = [
  [
    "I12 an event has no delivery at an endpoint that wants it",
    `${endpoint("'[\"payment.captured\"]'")}; ${event(1)}; UPDATE merchant_event SET created_at = '2001-01-01'`,
  ],
  [
    "I12 a delivery has no event, or an event no journal row",
    `
    INSERT INTO delivery (event_id, endpoint_id, slot, state, created_at, merchant_id)
    SELECT gen_random_uuid(), gen_random_uuid(), slot, 'waiting', now(), merchant_id FROM idempotency WHERE key = 'sold'`,
  ],
];

/** Changes of the gateway's log, and what is said of them. */
const LOGS: readonly (readonly [
  what: string,
  change: (lines: readonly Charge[]) => readonly Charge[],
  says: BookInvariant,
])[] = [
  [
    "a charge of nobody",
    (lines) => [...lines, { ...(lines[0] as Charge), key: "x".repeat(36) }],
    "I3 a charge belongs to no operation of ours",
  ],
  [
    "a second charge",
    (lines) => [...lines, lines[0] as Charge],
    "I1 an operation has not the charges that its end claims",
  ],
  [
    "a second void",
    (lines) => [...lines, ...lines.filter(({ kind }) => kind === "void")],
    "I20 a hold has not the end that its payment says",
  ],
  [
    "no refund",
    (lines) => lines.filter(({ kind }) => kind !== "refund"),
    "I1 an operation has not the charges that its end claims",
  ],
  [
    "no void",
    (lines) => lines.filter(({ kind }) => kind !== "void"),
    "I20 a hold has not the end that its payment says",
  ],
  [
    "no dispute",
    (lines) => lines.filter(({ kind }) => kind !== "dispute"),
    "I20 what is disputed at the gateway is not what the payment says",
  ],
  [
    "a refund that stays though it failed",
    (lines) => lines.filter(({ kind }) => kind !== "refund_failed"),
    "I9 the sums of the ledger are not those of the charge logs",
  ],
  [
    "another amount",
    (lines) => lines.map((line) => ({ ...line, amount: line.amount + 1 })),
    "I2 a charge differs from its operation",
  ],
  [
    "another currency",
    (lines) => lines.map((line) => ({ ...line, currency: "USD" })),
    "I2 a charge differs from its operation",
  ],
  [
    "another payment",
    (lines) => lines.map((line) => ({ ...line, payment_id: `pay_${"0".repeat(26)}` })),
    "I2 a charge differs from its operation",
  ],
];

describe("the invariants", function () {
  this.timeout(180_000);
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start("--shards", "1");
    const merchant = await Merchant.signIn(cluster.info);
    const sold = await merchant.pay("sold", payment(STRIPE));
    await merchant.untilFinal(refund("back", sold, { amount: 300 }), WITHIN_MS);
    await merchant.untilFinal(cancel("void", await merchant.pay("voided", payment(MANUAL))), WITHIN_MS);
    await merchant.untilFinal(capture("take", await merchant.pay("taken", payment(MANUAL))), WITHIN_MS);
    await merchant.pay("held", payment(MANUAL));
    await merchant.createUntilFinal(
      "declined",
      payment({ ...STRIPE, payment_method: "tok_decline_generic" }),
      WITHIN_MS,
    );
    await merchant.pay("disputed", payment({ ...STRIPE, payment_method: "tok_dispute" }));
    const failing = await merchant.pay("failing", payment({ ...STRIPE, payment_method: "tok_refund_fails_late" }));
    await merchant.untilFinal(refund("fails", failing), WITHIN_MS);
    await merchant.createUntilFinal("late", payment({ ...STRIPE, payment_method: "tok_late_success" }), WITHIN_MS);
    const ends = ["disputeHeld", "refundReversed", "cancelSettled"];
    await until("the late facts are known", WITHIN_MS, async () => {
      const rows = await cluster.query<{ fact: string }>("SELECT DISTINCT fact FROM payment_timeline");
      return ends.every((end) => rows.some(({ fact }) => fact === end));
    });
    await merchant.close();
    await cluster.query(
      `CREATE SCHEMA saved; ${FORGED.map((t) => `CREATE TABLE saved.${t} AS TABLE ${t}`).join("; ")}`,
    );
  });
  after(() => cluster?.dispose());

  const failure = (): Promise<string> =>
    expectInvariants(cluster, [], { patienceMs: 0, chains: "all" }).then(
      () => "nothing",
      (error: Error) => error.message,
    );
  const putBack = (): Promise<unknown> =>
    cluster.query(FORGED.map((t) => `DELETE FROM ${t}; INSERT INTO ${t} SELECT * FROM saved.${t}`).join("; "));
  async function expectFound(invariant: string, change: string, back: () => Promise<unknown>): Promise<void> {
    await cluster.query(change);
    const said = await failure();
    await back();
    expect(said).to.include(`${invariant}: `);
  }

  it("hold of what was done, late facts and disputes with it", () => expectInvariants(cluster));
  it("are all tried here", () => {
    expect([...Object.keys(FORGERIES), ...Object.keys(UNTRIED)]).to.have.members([...INVARIANT_NAMES]);
    expect(new Set(LOGS.map(([, , says]) => says))).to.deep.equal(new Set(BOOK_INVARIANTS));
  });

  for (const [invariant, change] of [...Object.entries(FORGERIES), ...MORE])
    it(`fail: ${invariant}`, () => expectFound(invariant, change, putBack));
  for (const [invariant, forgery] of Object.entries(UNTRIED))
    if (forgery !== null)
      it(`fail: ${invariant}`, () => expectFound(invariant, forgery[0], () => cluster.query(forgery[1])));
  for (const [column, other] of [
    ["cause", "'forged'"],
    ["data", "'{}'"],
    ["recorded_at", "recorded_at + interval '1 ms'"],
  ])
    it(`fail: I7 a row whose ${column} was changed`, () =>
      expectFound(
        "I7 a row's hash is not that of its columns and the row before",
        `UPDATE journal SET ${column} = ${other} WHERE ${last("sold")}`,
        putBack,
      ));

  for (const [what, change, says] of LOGS)
    it(`fail: ${what}`, async () => {
      const path = cluster.info.gateways.stripe.chargeLog;
      const text = readFileSync(path, "utf8");
      const lines = text
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as Charge);
      writeFileSync(
        path,
        change(lines)
          .map((line) => `${JSON.stringify(line)}\n`)
          .join(""),
      );
      const said = await failure();
      writeFileSync(path, text);
      expect(said).to.include(`${says}: `);
    });

  it("hold again: each forgery was put right", async () => expect(await failure()).to.equal("nothing"));
});
