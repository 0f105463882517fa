/** The question about postings finds every kind of book that cannot be, on a real PostgreSQL. */
import { expect } from "chai";
import type pg from "pg";
import { bytesOfId } from "../../actors/domain/index.ts";
import { POSTINGS_THAT_DIFFER } from "../book-checks.ts";
import { activated } from "../contract.ts";
import { begun, lastOf } from "./contract-operations.ts";
import { type TestCluster, testCluster } from "./cluster.ts";
import {
  acceptedDecision,
  batchOf,
  claimOf,
  declinedDecision,
  lateDecision,
  learnedDecision,
  requestedDecision,
  succeededDecision,
} from "./fixtures.ts";

describe("postings that differ from the journal (needs postgres)", function () {
  this.timeout(60_000);
  let cluster: TestCluster;
  const [sale, authorize, refused] = [
    acceptedDecision(),
    acceptedDecision({ captureMethod: "manual" }),
    acceptedDecision(),
  ];
  const paid = begun("automatic");
  const refund = requestedDecision(lastOf(paid), "refundRequested", { amountMinor: 400n });
  const other = requestedDecision(refund.payment, "refundRequested", { amountMinor: 100n });
  const refunded = learnedDecision(
    other.payment,
    { kind: "refunded", reference: null },
    { operation: refund.payment.operation },
  );

  const charged = begun("automatic", 1_000n);
  const dispute = { reference: "dp_1", state: "needs_response", amount: "400" } as const;
  const held = lateDecision(lastOf(charged), { kind: "disputeHeld", dispute: { ...dispute, funds: "held" } });
  const gone = begun("automatic", 900n);
  const taken = lateDecision(lastOf(gone), { kind: "disputeHeld", dispute: { ...dispute, funds: "held" } });
  const lost = lateDecision(taken.payment, { kind: "disputeLost", dispute: { ...dispute, funds: "lost" } });

  before(async function () {
    const made = await testCluster(1);
    if (made === undefined) this.skip();
    cluster = made;
    await cluster.empty(0);
    const store = cluster.open(0, "a");
    const head = await activated(store, claimOf("a", 1n));
    const ends = [
      succeededDecision(sale.payment),
      succeededDecision(authorize.payment),
      declinedDecision(refused.payment),
      ...paid,
      refund,
      other,
      refunded,
      ...charged,
      held,
      ...gone,
      taken,
      lost,
    ];
    const outcome = await store.commit(head.lease, batchOf(head, [sale, authorize, refused, ...ends]));
    expect(outcome.kind).to.equal("committed");
    await store.close();
  });
  after(() => cluster?.drop());

  /** How many balances differ once `sql` was done to the ledger; `$1`: the payment's id. The change is taken back. */
  const differing = (sql: string, of: typeof sale): Promise<number> =>
    cluster.inShard(0, async (client: pg.Client) => {
      await client.query("BEGIN");
      await client.query(sql, [bytesOfId(of.payment.terms.id)]);
      const { rows } = await client.query(POSTINGS_THAT_DIFFER);
      await client.query("ROLLBACK");
      return rows.length;
    });

  /** A row like the one of `kind`, with other columns in place of the first ones. */
  const copyOf = (kind: number, columns: string): string => `
    INSERT INTO ledger_entry (kind, debit, credit, payment_id, operation_id, amount, seq, slot, gateway, merchant_id, currency)
    SELECT ${columns}, gen_random_uuid(), amount, seq, slot, gateway, merchant_id, currency FROM ledger_entry WHERE kind = ${kind}`;
  const ONE = "payment_id = encode($1, 'hex')::uuid";
  const cases: readonly (readonly [what: string, sql: string, of: typeof sale, balances: number])[] = [
    ["nothing", `SELECT FROM ledger_entry WHERE ${ONE}`, sale, 0],
    ["a capture of another amount", `UPDATE ledger_entry SET amount = amount + 1 WHERE ${ONE}`, sale, 2],
    ["a capture that is missing", `DELETE FROM ledger_entry WHERE ${ONE}`, sale, 2],
    ["a capture to another account", `UPDATE ledger_entry SET credit = 3 WHERE ${ONE}`, sale, 2],
    ["a capture in another currency", `UPDATE ledger_entry SET currency = 'USD' WHERE ${ONE}`, sale, 4],
    ["a capture turned around", `UPDATE ledger_entry SET debit = credit, credit = debit WHERE ${ONE}`, sale, 2],
    ["a hold that is missing", `DELETE FROM ledger_entry WHERE ${ONE}`, authorize, 2],
    ["a hold that was released", `${copyOf(0, "1, credit, debit, payment_id")} AND ${ONE}`, authorize, 2],
    [
      "postings of a refused payment",
      `${copyOf(2, "2, debit, credit, encode($1, 'hex')::uuid")} AND amount = 12345`,
      refused,
      2,
    ],
    ["a refund that is not settled", `DELETE FROM ledger_entry WHERE kind = 5 AND ${ONE}`, refund, 2],
    ["a refund that is not reserved", `DELETE FROM ledger_entry WHERE kind = 4 AND amount = 100 AND ${ONE}`, refund, 2],
    [
      "a settled refund that is released",
      `${copyOf(4, "6, credit, debit, payment_id")} AND amount = 400 AND ${ONE}`,
      refund,
      2,
    ],
  ];
  const disputed: typeof cases = [
    ["a dispute that is not held", `DELETE FROM ledger_entry WHERE kind = 8 AND ${ONE}`, held, 2],
    ["a held dispute booked as lost", `${copyOf(8, "10, 2, debit, payment_id")} AND ${ONE}`, held, 2],
    ["a held dispute booked as released", `${copyOf(8, "9, credit, debit, payment_id")} AND ${ONE}`, held, 2],
    ["a lost dispute that is not booked", `DELETE FROM ledger_entry WHERE kind = 10 AND ${ONE}`, lost, 2],
    ["a dispute lost for another amount", `UPDATE ledger_entry SET amount = 401 WHERE kind = 10 AND ${ONE}`, lost, 2],
  ];
  for (const [what, sql, of, balances] of [...cases, ...disputed])
    it(`finds ${what}`, async () => expect(await differing(sql, of)).to.equal(balances));
});
