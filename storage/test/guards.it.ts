/** What the shard database itself refuses, whoever writes: sums, states and postings that cannot be. */
import { expect } from "chai";
import { bytesOfId } from "../../actors/domain/index.ts";
import { activated } from "../contract.ts";
import { begun, lastOf } from "./contract-operations.ts";
import { type TestCluster, testCluster } from "./cluster.ts";
import { batchOf, claimOf, learnedDecision, requestedDecision } from "./fixtures.ts";

describe("guards of the shard database (needs postgres)", function () {
  this.timeout(60_000);
  let cluster: TestCluster;
  const sale = begun("automatic", 1_000n);
  const refund = requestedDecision(lastOf(sale), "refundRequested", { amountMinor: 600n });
  const held = begun("manual", 1_000n);
  const capture = requestedDecision(lastOf(held), "captureRequested", { amountMinor: 700n });
  const captured = learnedDecision(capture.payment, { kind: "captured", reference: null });

  before(async function () {
    const made = await testCluster(1);
    if (made === undefined) this.skip();
    cluster = made;
    await cluster.empty(0);
    const store = cluster.open(0, "a");
    const head = await activated(store, claimOf("a", 1n));
    const outcome = await store.commit(head.lease, batchOf(head, [...sale, refund, ...held, capture, captured]));
    expect(outcome.kind).to.equal("committed");
    await store.close();
  });
  after(() => cluster?.drop());

  /** The constraint that refuses `sql`, or "" when nothing does. The change is taken back. */
  const refusedBy = (sql: string, of: typeof sale): Promise<string> =>
    cluster.inShard(0, async (client) => {
      await client.query("BEGIN");
      try {
        await client.query(sql, [Buffer.from(bytesOfId(lastOf(of).terms.id))]);
        return "";
      } catch (error) {
        return (error as { constraint?: string }).constraint ?? String(error);
      } finally {
        await client.query("ROLLBACK");
      }
    });

  /** One more row of the payment, like its newest but for what `changes` names: column, value. */
  const rowWith = (changes: Readonly<Record<string, string | number>>): string => {
    const columns =
      "seq epoch recorded_at amount authorized captured refunded refunding disputed version origin_shard slot kind from_status to_status operation_kind operation_state payment_id merchant_id operation_id hash cause";
    const changed: Readonly<Record<string, string | number>> = {
      seq: "seq + 1000",
      version: "version + 1",
      ...changes,
    };
    const names = columns.split(" ");
    return `INSERT INTO journal (${names.join(", ")})
      SELECT ${names.map((name) => changed[name] ?? name).join(", ")} FROM journal
       WHERE payment_id = $1::uuid ORDER BY version DESC LIMIT 1`;
  };
  /** One more ledger entry of the payment, like the one of `kind` but for some columns. */
  const entryWith = (kind: number, changes: Readonly<Record<string, string | number>>): string => {
    const names = "amount seq slot kind debit credit gateway operation_id payment_id merchant_id currency".split(" ");
    return `INSERT INTO ledger_entry (${names.join(", ")})
      SELECT ${names.map((name) => changes[name] ?? name).join(", ")} FROM ledger_entry
       WHERE payment_id = $1::uuid AND kind = ${kind}`;
  };
  const refunding = { kind: 16, from_status: 3, to_status: 3 };

  const cases: readonly (readonly [what: string, sql: string, of: typeof sale, constraint: string])[] = [
    ["nothing of a row that fits", rowWith({ ...refunding, refunding: 1_000 }), sale, ""],
    ["refunds beyond the capture", rowWith({ ...refunding, refunding: 1_001 }), sale, "journal_amounts"],
    ["done and open refunds beyond it", rowWith({ ...refunding, refunded: 401 }), sale, "journal_amounts"],
    ["open refunds below nothing", rowWith({ ...refunding, refunding: -1 }), sale, "journal_amounts"],
    [
      "a sum that overflows",
      rowWith({ ...refunding, refunding: "9223372036854775807", refunded: 1_000 }),
      sale,
      "bigint",
    ],
    [
      "a capture beyond the authorization",
      rowWith({ captured: 1_001, kind: 6, from_status: 2 }),
      held,
      "journal_amounts",
    ],
    ["a capture of what is captured", rowWith({ kind: 6, from_status: 3 }), held, "journal_transition"],
    ["a capture asked for after the capture", rowWith({ kind: 14, from_status: 3 }), held, "journal_transition"],
    ["a refund of what is only held", rowWith({ ...refunding, from_status: 2 }), sale, "journal_transition"],
    ["a refund that takes the status along", rowWith({ ...refunding, to_status: 5 }), sale, "journal_transition"],
    ["a void after the capture", rowWith({ kind: 9, from_status: 3, to_status: 5 }), sale, "journal_transition"],
    ["a second history", rowWith({ ...refunding, version: "version" }), sale, "journal_version"],
    ["the same capture booked twice", entryWith(2, {}), held, "ledger_entry_pkey"],
    [
      "a hold resolved by two captures",
      entryWith(1, { operation_id: "gen_random_uuid()" }),
      held,
      "ledger_entry_hold_once",
    ],
    ["the same refund reserved twice", entryWith(4, {}), sale, "ledger_entry_pkey"],
    [
      "a posting of nothing",
      entryWith(2, { operation_id: "gen_random_uuid()", amount: 0 }),
      sale,
      "positive_amount_check",
    ],
    [
      "a posting to itself",
      entryWith(2, { operation_id: "gen_random_uuid()", debit: "credit" }),
      sale,
      "ledger_entry_accounts",
    ],
  ];
  const kept = { from_status: 3, to_status: 3 };
  const late: typeof cases = [
    ["nothing of a dispute of what was captured", rowWith({ ...kept, kind: 26, disputed: 400 }), sale, ""],
    ["a dispute below nothing", rowWith({ ...kept, kind: 27, disputed: -1 }), sale, "journal_amounts"],
    [
      "a dispute of what is only pending",
      rowWith({ kind: 26, from_status: 1, to_status: 1 }),
      sale,
      "journal_transition",
    ],
    [
      "a reversed capture that takes the status along",
      rowWith({ kind: 23, from_status: 3, to_status: 2 }),
      sale,
      "journal_transition",
    ],
    [
      "a reversal of more than is left by refunds",
      rowWith({ ...kept, kind: 23, captured: 599 }),
      sale,
      "journal_amounts",
    ],
    ["nothing of a payment that is given back whole", rowWith({ kind: 22, from_status: 3, to_status: 5 }), sale, ""],
    ["a fact that nobody knows", rowWith({ ...kept, kind: 29 }), sale, "journal_transition"],
    ["nothing of a new kind of posting", entryWith(2, { operation_id: "gen_random_uuid()", kind: 10 }), held, ""],
    [
      "a kind of posting that nobody knows",
      entryWith(2, { operation_id: "gen_random_uuid()", kind: 11 }),
      held,
      "ledger_kind_code_check",
    ],
  ];
  for (const [what, sql, of, constraint] of [...cases, ...late])
    it(`refuses ${what}`, async () => {
      const refused = await refusedBy(sql, of);
      if (constraint === "") expect(refused).to.equal("");
      else expect(refused).to.include(constraint);
    });
});
