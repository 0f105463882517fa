import { expect } from "chai";
import { randomBytes } from "node:crypto";
import { accept, gatewayKeyOf, idFromBytes, mintId, slotOfMerchant, transition } from "../../../actors/domain/index.ts";
import type { Operation, Payment, PaymentTerms, Transition } from "../../../actors/domain/index.ts";
import { provisionCluster } from "../../../storage/index.ts";
import { Auditor } from "../audit.ts";
import type { AuditScope } from "../audit.ts";
import { withDatabase } from "../databases.ts";
import { OUTCOME } from "../load-terms.ts";
import { EXTRA_SCHEMA, insertJournal, insertKey, insertPayment, insertPosting } from "../naive/rows.ts";
import type { Statement } from "../naive/rows.ts";
import { keyOf } from "../traffic.ts";

const RUN = "bench-test";
const PAYMENTS = 6;
const serverUrl = process.env["TEST_POSTGRES_URL"] ?? "";
const prefix = `audit_${randomBytes(4).toString("hex")}`;

/** All statements of one captured payment, as the naive service would write them. */
function paymentRows(key: string): readonly Statement[] {
  const bytes = randomBytes(16);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const merchantId = idFromBytes("mer", bytes);
  const slot = slotOfMerchant(merchantId);
  const nowMs = Date.now();
  const terms: PaymentTerms = {
    id: mintId("pay", slot, nowMs, randomBytes(8)),
    merchantId,
    slot,
    amountMinor: 1999n,
    currency: "EUR",
    captureMethod: "automatic",
    gateway: "fixed-latency",
    gatewayAccount: "main",
    merchantReference: null,
    description: null,
    metadataJson: "{}",
    createdAtMs: nowMs,
  };
  const operation: Operation = {
    id: mintId("op", slot, nowMs, randomBytes(8)),
    kind: "sale",
    state: "submitted",
    amountMinor: 1999n,
    gatewayKey: gatewayKeyOf(merchantId, key, "sale", 1),
    attempt: 1,
    submittedAtMs: nowMs,
    deadlineAtMs: nowMs + 1000,
  };
  const first = accept(terms, operation);
  const facts = { cause: "request:test", recordedAtMs: nowMs, data: null };
  const row = insertJournal(first, { ...facts, reply: null });
  const pending: Payment = { ...first.payment, chainHead: row.hash };
  const next = transition(pending, { kind: "captured", reference: "ref" }, nowMs) as Transition;
  const keyRow = {
    merchantId,
    key,
    route: "POST /v1/payments",
    fingerprint: randomBytes(32),
    paymentId: terms.id,
    operationId: operation.id,
  };
  return [
    insertKey(keyRow, slot),
    insertPayment(first.payment, key, randomBytes(40)),
    row,
    insertJournal(next, { ...facts, reply: { status: 201, body: Buffer.from("{}") } }),
    ...next.postings.map((posting) => insertPosting(next.payment, posting)),
  ];
}

describe("audit", function () {
  this.timeout(60_000);
  let dsn = "";

  const execute = (...statements: readonly (Statement | string)[]): Promise<void> =>
    withDatabase(dsn, async (client) => {
      for (const statement of statements)
        await (typeof statement === "string"
          ? client.query(statement)
          : client.query(statement.text, [...statement.values]));
    });
  const scope = (more: Partial<AuditScope> = {}): AuditScope => ({
    dsns: [dsn],
    run: RUN,
    outcomes: new Uint8Array(PAYMENTS).fill(OUTCOME.accepted),
    gapless: true,
    ...more,
  });
  const audit = async (more: Partial<AuditScope> = {}): Promise<string> =>
    (await new Auditor(0).audit(scope(more))).faults.join("; ");

  before(async function () {
    if (serverUrl === "") this.skip();
    const made = await provisionCluster({
      controlServer: serverUrl,
      shardServers: [serverUrl],
      shardCount: 1,
      slotsOf: () => [],
      prefix,
    });
    dsn = made.shards[0]?.ownerDsn ?? "";
    await execute(EXTRA_SCHEMA);
  });

  beforeEach(async () => {
    await execute("TRUNCATE payment, journal, idempotency, ledger_entry, commit_anchor, operation_open");
    await execute("ALTER SEQUENCE naive_journal_seq RESTART WITH 1");
    for (let k = 0; k < PAYMENTS; k++) await execute(...paymentRows(keyOf(RUN, k)));
    await execute(
      `INSERT INTO commit_anchor SELECT 1 + 2 * i, 2 + 2 * i, pg_catalog.sha256(i::text::bytea), pg_catalog.sha256((i - 1)::text::bytea)
         FROM generate_series(0, ${PAYMENTS - 1}) i`,
    );
  });

  after(async () => {
    if (serverUrl === "") return;
    await withDatabase(serverUrl, async (client) => {
      for (const name of ["control", "shard_0"]) await client.query(`DROP DATABASE ${prefix}_${name} WITH (FORCE)`);
      await client.query(`DROP ROLE ${prefix}_app`);
    });
  });

  it("finds nothing in a clean run", async () => expect(await audit()).to.equal(""));

  it("looks only at what is new since its last audit", async () => {
    const auditor = new Auditor(0);
    await auditor.audit(scope());
    await execute(
      ...paymentRows(keyOf("bench-next", 0)),
      "INSERT INTO commit_anchor VALUES (13, 14, pg_catalog.sha256('6'), pg_catalog.sha256('5'))",
    );
    const outcomes = Uint8Array.of(OUTCOME.accepted);
    expect((await auditor.audit(scope({ run: "bench-next", outcomes }))).faults).to.deep.equal([]);
  });

  const LAST = `(SELECT payment_id FROM journal ORDER BY seq DESC LIMIT 1)`;
  const FIRST = `(SELECT payment_id FROM journal ORDER BY seq LIMIT 1)`;
  const faults: readonly (readonly [string, string, string])[] = [
    ["a lost outcome row", `DELETE FROM journal WHERE seq = 12`, "operation is still open"],
    ["a gap in the journal", `UPDATE journal SET seq = seq + 100 WHERE seq = 12`, "journal has a gap"],
    ["a version skipped", `UPDATE journal SET version = 3 WHERE seq = 2`, "versions are not contiguous"],
    [
      "a reply lost",
      `UPDATE journal SET reply_status = NULL, reply_body = NULL WHERE seq = 2`,
      "not exactly one stored reply",
    ],
    ["a posting lost", `DELETE FROM ledger_entry WHERE payment_id = ${FIRST}`, "postings differ"],
    [
      "a posting of another amount",
      `UPDATE ledger_entry SET amount = 2000 WHERE payment_id = ${FIRST}`,
      "postings differ",
    ],
    [
      "a posting to another account",
      `UPDATE ledger_entry SET credit = 3 WHERE payment_id = ${FIRST}`,
      "2 balances of a payment that are not what its journal says",
    ],
    [
      "a posting in another currency",
      `UPDATE ledger_entry SET currency = 'USD' WHERE payment_id = ${FIRST}`,
      "4 balances of a payment that are not what its journal says",
    ],
    ["a payment lost", `DELETE FROM payment WHERE id = ${LAST}`, "1 accepted requests without a payment"],
    ["a payment without journal", `DELETE FROM journal WHERE payment_id = ${LAST}`, "payments without journal"],
    ["a key lost", `DELETE FROM idempotency WHERE payment_id = ${FIRST}`, "keys that do not belong together"],
    [
      "a second operation",
      `UPDATE journal SET operation_amount = 1999, gateway_key = gen_random_uuid(), attempt = 2,
       deadline_at = now() WHERE seq = 2`,
      "not exactly one operation",
    ],
    [
      "an operation in doubt",
      `INSERT INTO operation_open SELECT gen_random_uuid(), ${FIRST}, now(), now(), 1, 1`,
      "operations left in doubt",
    ],
    [
      "a broken anchor",
      `UPDATE commit_anchor SET previous = digest WHERE first_seq = 5`,
      "anchors that do not continue",
    ],
    ["a missing anchor", `DELETE FROM commit_anchor WHERE first_seq = 1`, "no commit anchor covers"],
    [
      "a payment of nobody",
      `UPDATE payment SET idempotency_key = '${RUN}-000000099' WHERE id = ${FIRST}`,
      "never sent",
    ],
  ];
  for (const [what, sql, words] of faults)
    it(`sees ${what}`, async () => {
      await execute(sql);
      expect(await audit()).to.contain(words);
    });

  it("sees a payment whose request was refused, and one that was accepted and is not there", async () => {
    const outcomes = new Uint8Array(PAYMENTS + 1).fill(OUTCOME.accepted);
    outcomes[0] = OUTCOME.refused;
    const found = await audit({ outcomes });
    expect(found).to.contain("1 refused or unsent requests with a payment");
    expect(found).to.contain("1 accepted requests without a payment");
  });

  it("sees one key charged for two merchants' payments", async () => {
    await execute(...paymentRows(keyOf(RUN, 0)));
    expect(await audit({ gapless: false })).to.equal("1 keys with more than one payment");
  });

  it("lets an unanswered request have its payment or not", async () => {
    const outcomes = new Uint8Array(PAYMENTS + 1).fill(OUTCOME.sent);
    expect(await audit({ outcomes })).to.equal("");
  });
});
