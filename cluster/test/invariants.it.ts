/** The rig's own proof: each invariant is seen to fail when the books, or the gateway's log, are changed so that it does not hold. */
import { expect } from "chai";
import { readFileSync, writeFileSync } from "node:fs";
import type { Charge } from "./rig/charge-log.ts";
import { Cluster } from "./rig/cluster.ts";
import { expectInvariants, type InvariantName } from "./rig/invariants.ts";
import { cancel, capture, Merchant, payment, refund } from "./rig/merchant.ts";

const WITHIN_MS = 60_000;
const MANUAL = { amount: 1_000, capture_method: "manual", gateway: "stripe" };
const SALE = { amount: 1_000, gateway: "stripe" };

interface Forgery {
  readonly invariant: InvariantName;
  readonly change: string;
  readonly back: string;
}
const forged = (invariant: InvariantName, change: string, back: string): Forgery => ({ invariant, change, back });
const on = (key: string): string => `(SELECT payment_id FROM idempotency WHERE key = '${key}')`;
const last = (key: string): string =>
  `payment_id = ${on(key)} AND version = (SELECT max(version) FROM journal WHERE payment_id = ${on(key)})`;

/** Numbers are codes: see the migrations. */
const FORGERIES: readonly Forgery[] = [
  forged(
    "I5 an operation is still open",
    `UPDATE journal SET operation_state = 1 WHERE ${last("sold")}`,
    `UPDATE journal SET operation_state = 2 WHERE ${last("sold")}`,
  ),
  forged(
    "I7 versions of a payment have a gap",
    `UPDATE journal SET version = version + 10 WHERE ${last("sold")}`,
    `UPDATE journal SET version = version - 10 WHERE ${last("sold")}`,
  ),
  forged(
    "I7 the lease's last seq is not the journal's",
    "UPDATE shard_lease SET last_seq = last_seq + 1 WHERE last_seq > 0",
    "UPDATE shard_lease SET last_seq = last_seq - 1 WHERE last_seq > 0",
  ),
  forged(
    "I8 the ledger is not what the payments' journal rows say",
    `UPDATE ledger_entry SET amount = amount + 1 WHERE payment_id = ${on("sold")} AND kind = 2`,
    `UPDATE ledger_entry SET amount = amount - 1 WHERE payment_id = ${on("sold")} AND kind = 2`,
  ),
  forged(
    "I11 an ended operation that was asked for has not exactly one stored reply, or an open one has any",
    `UPDATE journal SET reply_status = NULL, reply_body = NULL WHERE ${last("sold")}`,
    `UPDATE journal SET reply_status = 201, reply_body = '{}' WHERE ${last("sold")}`,
  ),
  forged(
    "I11 a reply answers no key",
    "UPDATE idempotency SET operation_id = gen_random_uuid() WHERE key = 'back'",
    `UPDATE idempotency i SET operation_id = j.operation_id FROM journal j
      WHERE i.key = 'back' AND j.payment_id = i.payment_id AND j.kind = 16`,
  ),
  forged(
    "I11 an operation has no key and is no compensation, or has one and is",
    `UPDATE journal SET cause = 'compensation' WHERE payment_id = ${on("sold")} AND version = 1`,
    `UPDATE journal SET cause = 'request:x' WHERE payment_id = ${on("sold")} AND version = 1`,
  ),
  forged(
    "I11 a key has no operation, or an operation two keys",
    `INSERT INTO idempotency SELECT slot, merchant_id, payment_id, operation_id, 'sold-too', route, fingerprint
       FROM idempotency WHERE key = 'sold'`,
    "DELETE FROM idempotency WHERE key = 'sold-too'",
  ),
  forged(
    "I15 an epoch decreases along the journal",
    `UPDATE journal SET epoch = epoch + 5 WHERE payment_id = ${on("sold")} AND version = 1`,
    `UPDATE journal SET epoch = epoch - 5 WHERE payment_id = ${on("sold")} AND version = 1`,
  ),
  forged(
    "I20 refunds are not what the payment says of them, or more than was captured",
    `UPDATE journal SET operation_amount = operation_amount + 1 WHERE payment_id = ${on("back")} AND kind = 16`,
    `UPDATE journal SET operation_amount = operation_amount - 1 WHERE payment_id = ${on("back")} AND kind = 16`,
  ),
  forged(
    "an operation in doubt is noted though it ended",
    `INSERT INTO operation_open SELECT operation_id, payment_id, now(), now(), 0, slot FROM idempotency WHERE key = 'sold'`,
    "DELETE FROM operation_open",
  ),
];
/** These change two books alike, so that I8 does not see it. */
const TWICE: readonly Forgery[] = [
  forged(
    "I10 a payment has not exactly one capture posting of what it captured",
    `UPDATE ledger_entry SET amount = amount - 1 WHERE payment_id = ${on("sold")} AND kind = 2;
     INSERT INTO ledger_entry SELECT 1, seq, slot, kind, debit, credit, gateway, gen_random_uuid(), payment_id, merchant_id, currency
       FROM ledger_entry WHERE payment_id = ${on("sold")} AND kind = 2`,
    `DELETE FROM ledger_entry WHERE payment_id = ${on("sold")} AND kind = 2 AND amount = 1;
     UPDATE ledger_entry SET amount = amount + 1 WHERE payment_id = ${on("sold")} AND kind = 2`,
  ),
  forged(
    "I10 a hold was not released exactly once when it ended, or before",
    `INSERT INTO ledger_entry SELECT amount, seq, slot, kind, debit, credit, gateway, gen_random_uuid(), payment_id, merchant_id, currency
       FROM ledger_entry WHERE payment_id = ${on("voided")} AND kind = 0;
     UPDATE ledger_entry SET amount = 2 * amount WHERE payment_id = ${on("voided")} AND kind = 1`,
    `DELETE FROM ledger_entry WHERE ctid IN (SELECT ctid FROM ledger_entry WHERE payment_id = ${on("voided")} AND kind = 0 LIMIT 1);
     UPDATE ledger_entry SET amount = amount / 2 WHERE payment_id = ${on("voided")} AND kind = 1`,
  ),
  forged(
    "I20 a refund is not reserved once and then settled, released or open",
    `INSERT INTO ledger_entry SELECT amount, seq, slot, 6, credit, debit, gateway, operation_id, payment_id, merchant_id, currency
       FROM ledger_entry WHERE payment_id = ${on("sold")} AND kind = 4;
     INSERT INTO ledger_entry SELECT amount, seq, slot, 4, debit, credit, gateway, gen_random_uuid(), payment_id, merchant_id, currency
       FROM ledger_entry WHERE payment_id = ${on("sold")} AND kind = 4`,
    `DELETE FROM ledger_entry WHERE payment_id = ${on("sold")} AND kind = 6;
     DELETE FROM ledger_entry e WHERE payment_id = ${on("sold")} AND kind = 4
        AND NOT EXISTS (SELECT FROM idempotency i WHERE i.operation_id = e.operation_id)`,
  ),
];

/** Changes of the gateway's log, and what is said of them. */
const LOGS: readonly (readonly [
  what: string,
  change: (lines: readonly Charge[]) => readonly Charge[],
  says: RegExp,
])[] = [
  [
    "a charge of nobody",
    (lines) => [...lines, { ...(lines[0] as Charge), key: "x".repeat(36) }],
    /no operation of ours/,
  ],
  ["a second charge", (lines) => [...lines, lines[0] as Charge], /is succeeded/],
  [
    "a second void",
    (lines) => [...lines, ...lines.filter(({ kind }) => kind === "void")],
    /is succeeded|ends of the hold/,
  ],
  ["no refund", (lines) => lines.filter(({ kind }) => kind !== "refund"), /is succeeded/],
  ["no void", (lines) => lines.filter(({ kind }) => kind !== "void"), /the void of/],
  ["another amount", (lines) => lines.map((line) => ({ ...line, amount: line.amount + 1 })), /^a \w+ of /],
  ["another currency", (lines) => lines.map((line) => ({ ...line, currency: "USD" })), /^a \w+ of /],
  ["another payment", (lines) => lines.map((line) => ({ ...line, payment_id: `pay_${"0".repeat(26)}` })), / of /],
];

describe("the rig's invariants", function () {
  this.timeout(180_000);
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start("--shards", "1");
    const merchant = await Merchant.signIn(cluster.info);
    const sold = await merchant.pay("sold", payment(SALE));
    await merchant.untilFinal(refund("back", sold, { amount: 300 }), WITHIN_MS);
    await merchant.untilFinal(cancel("void", await merchant.pay("voided", payment(MANUAL))), WITHIN_MS);
    await merchant.untilFinal(capture("take", await merchant.pay("taken", payment(MANUAL))), WITHIN_MS);
    await merchant.pay("held", payment(MANUAL));
    await merchant.close();
  });
  after(() => cluster?.dispose());

  const failure = (): Promise<string> =>
    expectInvariants(cluster).then(
      () => "nothing",
      (error: Error) => error.message,
    );

  it("hold of what was done", async () => expect(await failure()).to.equal("nothing"));

  for (const { invariant, change, back } of [...FORGERIES, ...TWICE])
    it(`fail: ${invariant}`, async () => {
      await cluster.query(change);
      const said = await failure();
      await cluster.query(back);
      expect(said).to.include(invariant);
      expect(await failure(), "it was put right").to.equal("nothing");
    });

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
      expect(said).to.match(says);
    });
});
