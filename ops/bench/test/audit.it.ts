import { expect } from "chai";
import { randomBytes } from "node:crypto";
import {
  accept,
  gatewayKeyOf,
  idFromBytes,
  mintId,
  request,
  slotOfMerchant,
  transition,
} from "../../../actors/domain/index.ts";
import type { Fact, Operation, Payment, PaymentTerms, Transition } from "../../../actors/domain/index.ts";
import { provisionCluster } from "../../../storage/index.ts";
import { Auditor } from "../audit.ts";
import type { AuditScope } from "../audit.ts";
import { withDatabase } from "../databases.ts";
import { OUTCOME } from "../load-terms.ts";
import { EXTRA_SCHEMA, insertJournal, insertKey, insertPayment, insertPosting } from "../naive/rows.ts";
import type { Statement } from "../naive/rows.ts";
import { keyOf, PREPARED_FROM } from "../traffic.ts";

const RUN = "bench-test";
const PAYMENTS = 6;
const AMOUNT_MINOR = 1999n;
const serverUrl = process.env["TEST_POSTGRES_URL"] ?? "";
const prefix = `audit_${randomBytes(4).toString("hex")}`;

/** Statements as the naive service would write them, and the payment after them. */
interface Written {
  readonly statements: readonly Statement[];
  readonly payment: Payment;
}

/** How an operation stands before anything was heard of it. */
const UNHEARD = {
  state: "submitted",
  attempt: 1,
  reference: null,
  pendingReason: "outcome_unknown",
  needsReview: false,
  failure: null,
  note: null,
} as const;

/** The row of a transition with its postings. `answers`: it holds the reply. */
function rowsOf(made: Transition, answers: boolean): Written {
  const reply = answers ? { status: 201, body: Buffer.from("{}") } : null;
  const row = insertJournal(made, { cause: "request:test", recordedAtMs: made.payment.updatedAtMs, data: null, reply });
  const postings = made.postings.map((posting) => insertPosting(made.payment, posting));
  return { statements: [row, ...postings], payment: { ...made.payment, chainHead: row.hash } };
}

/** What must be there: the machine has such a row. */
const sure = (made: Transition | undefined): Transition => made as Transition;

function keyRow(payment: Payment, key: string, route: string): Statement {
  const { terms, operation } = payment;
  const { merchantId } = terms;
  const fingerprint = randomBytes(32);
  return insertKey({ merchantId, key, route, fingerprint, paymentId: terms.id, operationId: operation.id }, terms.slot);
}

/** One captured payment. */
function capturedPayment(key: string): Written {
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
    amountMinor: AMOUNT_MINOR,
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
    ...UNHEARD,
    id: mintId("op", slot, nowMs, randomBytes(8)),
    kind: "sale",
    amountMinor: AMOUNT_MINOR,
    gatewayKey: gatewayKeyOf(merchantId, key, "sale", 1),
    submittedAtMs: nowMs,
    deadlineAtMs: nowMs + 1000,
  };
  const first = accept(terms, operation);
  const pending = rowsOf(first, false);
  const after = rowsOf(
    sure(transition(pending.payment, operation, { kind: "captured", reference: "ref" }, nowMs)),
    true,
  );
  const statements = [
    keyRow(first.payment, key, "POST /v1/payments"),
    insertPayment(first.payment, key, randomBytes(40)),
    ...pending.statements,
    ...after.statements,
  ];
  return { statements, payment: after.payment };
}

/** A refund of a captured payment, and how it ended. */
function refundOf(payment: Payment, key: string, amountMinor: bigint, end: Fact): Written {
  const { merchantId, slot } = payment.terms;
  const nowMs = Date.now();
  const operation: Operation = {
    ...UNHEARD,
    id: mintId("op", slot, nowMs, randomBytes(8)),
    kind: "refund",
    amountMinor,
    gatewayKey: gatewayKeyOf(merchantId, key, "refund", 1),
    submittedAtMs: nowMs,
    deadlineAtMs: nowMs + 1000,
  };
  const asked = rowsOf(sure(request(payment, "refundRequested", operation, nowMs)), false);
  const ended = rowsOf(sure(transition(asked.payment, operation, end, nowMs)), true);
  const statements = [keyRow(asked.payment, key, "POST /v1/payments/{id}/refunds"), ...asked.statements];
  return { statements: [...statements, ...ended.statements], payment: ended.payment };
}
const REFUNDED: Fact = { kind: "refunded", reference: "re_1" };
const FAILURE = { code: "processing_error", retryable: false, customerAction: null, gatewayCode: null };
const REFUND_FAILED: Fact = { kind: "refundFailed", failure: FAILURE, reference: null };

describe("audit", function () {
  this.timeout(60_000);
  let dsn = "";
  let payments: readonly Payment[] = [];

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
    payments = [];
    for (let k = 0; k < PAYMENTS; k++) {
      const { statements, payment } = capturedPayment(keyOf(RUN, k));
      await execute(...statements);
      payments = [...payments, payment];
    }
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
      ...capturedPayment(keyOf("bench-next", 0)).statements,
      "INSERT INTO commit_anchor VALUES (13, 14, pg_catalog.sha256('6'), pg_catalog.sha256('5'))",
    );
    const outcomes = Uint8Array.of(OUTCOME.accepted);
    expect((await auditor.audit(scope({ run: "bench-next", outcomes }))).faults).to.deep.equal([]);
  });

  const LAST = `(SELECT payment_id FROM journal ORDER BY seq DESC LIMIT 1)`;
  const FIRST = `(SELECT payment_id FROM journal ORDER BY seq LIMIT 1)`;
  const faults: readonly (readonly [string, string, string])[] = [
    ["a lost outcome row", `DELETE FROM journal WHERE seq = 12`, "operations that are still open"],
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
    ["a payment lost", `DELETE FROM payment WHERE id = ${LAST}`, "1 accepted requests that left nothing behind"],
    ["a payment without journal", `DELETE FROM journal WHERE payment_id = ${LAST}`, "payments without journal"],
    [
      "a key lost",
      `DELETE FROM idempotency WHERE payment_id = ${FIRST}`,
      "1 operations and idempotency keys that do not belong together",
    ],
    [
      "a second submission",
      `UPDATE journal SET operation_amount = 1999, gateway_key = gen_random_uuid(), attempt = 2,
       deadline_at = now() WHERE seq = 2`,
      "operations not submitted exactly once",
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
    expect(found).to.contain("1 refused or unsent requests that left something behind");
    expect(found).to.contain("1 accepted requests that left nothing behind");
  });

  it("sees one key charged for two merchants' payments", async () => {
    await execute(...capturedPayment(keyOf(RUN, 0)).statements);
    expect(await audit({ gapless: false })).to.equal("1 keys with more than one operation");
  });

  it("takes what was made before the run apart, and sees what is missing of it", async () => {
    const key = keyOf(RUN, PREPARED_FROM);
    await execute(
      `UPDATE payment SET idempotency_key = '${key}' WHERE id = ${FIRST}`,
      `UPDATE idempotency SET key = '${key}' WHERE payment_id = ${FIRST}`,
    );
    const outcomes = new Uint8Array(PAYMENTS).fill(OUTCOME.accepted);
    outcomes[0] = OUTCOME.none;
    expect(await audit({ outcomes, prepared: 1 })).to.equal("");
    expect(await audit({ outcomes, prepared: 2 })).to.equal("1 accepted requests that left nothing behind");
    expect(await audit({ outcomes })).to.contain("1 payments or operations with keys that were never sent");
  });

  it("lets an unanswered request have its payment or not", async () => {
    const outcomes = new Uint8Array(PAYMENTS + 1).fill(OUTCOME.sent);
    expect(await audit({ outcomes })).to.equal("");
  });

  describe("of later operations", () => {
    /** Two refunds of the first payment: one succeeded, one did not; and their requests. */
    const scopeOf = (): Partial<AuditScope> => ({
      outcomes: new Uint8Array(PAYMENTS + 2).fill(OUTCOME.accepted),
    });
    const REFUND = `(SELECT operation_id FROM journal WHERE kind = 20)`; // refunded

    beforeEach(async () => {
      const first = refundOf(payments[0] as Payment, keyOf(RUN, PAYMENTS), 500n, REFUNDED);
      const second = refundOf(first.payment, keyOf(RUN, PAYMENTS + 1), 700n, REFUND_FAILED);
      await execute(
        ...first.statements,
        ...second.statements,
        "INSERT INTO commit_anchor VALUES (13, 16, pg_catalog.sha256('6'), pg_catalog.sha256('5'))",
      );
    });

    it("finds nothing in a clean run, and counts payments only", async () => {
      const report = await new Auditor(0).audit(scope(scopeOf()));
      expect(report.faults).to.deep.equal([]);
      expect(report.payments).to.equal(PAYMENTS);
    });

    const later: readonly (readonly [string, string, string])[] = [
      [
        "a refund that nobody asked for",
        `DELETE FROM idempotency WHERE operation_id = ${REFUND}`,
        "1 operations and idempotency keys that do not belong together",
      ],
      [
        "a refund under another payment's key",
        `UPDATE idempotency SET payment_id = (SELECT id FROM payment WHERE idempotency_key = '${keyOf(RUN, 3)}')
          WHERE operation_id = ${REFUND}`,
        "operations and idempotency keys that do not belong together",
      ],
      [
        "a refund whose reply was lost",
        `UPDATE journal SET reply_status = NULL, reply_body = NULL WHERE kind = 20`,
        "1 finished operations with not exactly one stored reply",
      ],
      [
        "a refund that was never settled in the ledger",
        `DELETE FROM ledger_entry WHERE kind = 5`,
        "1 payments whose postings differ from their journal",
      ],
      [
        "a failed refund whose reserve was kept",
        `DELETE FROM ledger_entry WHERE kind = 6`,
        "2 balances of a payment that are not what its journal says",
      ],
      [
        "a refund that is open",
        `UPDATE journal SET operation_state = 0 WHERE kind = 20`,
        "1 operations that are still open",
      ],
      [
        "a second sale of one payment",
        `UPDATE journal SET operation_kind = 1 WHERE operation_id = ${REFUND}`,
        "1 payments with not exactly one authorize or sale",
      ],
      [
        "two captures of one payment",
        `UPDATE journal SET operation_kind = 2 WHERE operation_id = ${REFUND}`,
        "1 payments with more than one capture that succeeded",
      ],
      [
        "an operation that changed its kind",
        `UPDATE journal SET operation_kind = 2 WHERE kind = 20`,
        "1 operations not submitted exactly once",
      ],
    ];
    for (const [what, sql, words] of later)
      it(`sees ${what}`, async () => {
        await execute(sql);
        expect(await audit(scopeOf())).to.contain(words);
      });

    it("sees more refunded than was captured, where no check of the table stood in the way", async () => {
      await execute(
        "ALTER TABLE journal DROP CONSTRAINT journal_amounts",
        "UPDATE journal SET refunded = 2000 WHERE kind = 20",
      );
      const found = await audit(scopeOf());
      await execute(
        "UPDATE journal SET refunded = 500 WHERE kind = 20",
        `ALTER TABLE journal ADD CONSTRAINT journal_amounts CHECK (0 <= refunded AND refunded + refunding <= captured)`,
      );
      expect(found).to.contain("1 payments refunded beyond what was captured");
    });

    it("sees a refund that was accepted and is not there, and one that was refused and is", async () => {
      const outcomes = new Uint8Array(PAYMENTS + 3).fill(OUTCOME.accepted);
      outcomes[PAYMENTS] = OUTCOME.refused;
      const found = await audit({ outcomes });
      expect(found).to.contain("1 accepted requests that left nothing behind");
      expect(found).to.contain("1 refused or unsent requests that left something behind");
    });

    it("takes a void without a key for one of our own making", async () => {
      await execute(
        `DELETE FROM idempotency WHERE operation_id = ${REFUND}`,
        `UPDATE journal SET operation_kind = 3, reply_status = NULL, reply_body = NULL WHERE operation_id = ${REFUND}`,
      );
      const outcomes = new Uint8Array(PAYMENTS + 2).fill(OUTCOME.accepted);
      outcomes[PAYMENTS] = OUTCOME.none;
      expect(await audit({ outcomes })).to.equal("");
    });
  });
});
