import { expect } from "chai";
import type { Decision } from "../actors/index.ts";
import { Scratch } from "./binary-arrays.ts";
import { commitStatement } from "./commit-statement.ts";
import { acceptedDecision, batchOf, declinedDecision, doubtedDecision, succeededDecision } from "./test/fixtures.ts";
import { finding, noticeRow, sideOf } from "./test/side-fixtures.ts";

const LEASE = { shard: 0, epoch: 1n, slotsVersion: 1n };
const ROW_TYPES = { journal_row_2: 1, payment_row: 2, idempotency_row: 3, ledger_entry_row: 4 };
const TABLES = "payment idempotency ledger_entry gateway_event discrepancy".split(" ");

/** The statement's name, and the tables beside the journal that it writes. */
function planOf(...decisions: readonly Decision[]): readonly [name: string, tables: string] {
  const head = { lastSeq: 0n, lastAnchor: new Uint8Array(32) };
  const batch = batchOf(head, decisions);
  const { name, text, values } = commitStatement(LEASE, batch, Buffer.alloc(32), ROW_TYPES, new Scratch());
  const tables = TABLES.filter((table) => text.includes(`INSERT INTO ${table} `));
  const asked = Math.max(...[...text.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)));
  expect(values.length, "a value for each parameter").to.equal(asked);
  return [name, tables.join(" ")];
}

describe("the statement of a commit", () => {
  const t1 = acceptedDecision();
  const paid = succeededDecision(t1.payment);
  const side = sideOf({ notices: [noticeRow()], findings: [finding()] });
  const [REQUEST, POSTING, SIDE] = ["payment idempotency", "ledger_entry", "gateway_event discrepancy"] as const;

  const cases: readonly (readonly [what: string, decisions: readonly Decision[], name: string, tables: string])[] = [
    ["facts", [declinedDecision(t1.payment), doubtedDecision(t1.payment)], "commit_facts", ""],
    ["requests", [t1], "commit_requests", REQUEST],
    ["postings", [paid], "commit_postings", POSTING],
    ["both", [t1, paid], "commit_both", `${REQUEST} ${POSTING}`],
    ["side rows that are none", [{ ...t1, side: sideOf({}) }], "commit_requests", REQUEST],
    ["facts and side rows", [{ ...declinedDecision(t1.payment), side }], "commit_facts_with_side", SIDE],
    [
      "requests, one with side rows",
      [t1, { ...acceptedDecision(), side }],
      "commit_requests_with_side",
      `${REQUEST} ${SIDE}`,
    ],
    ["postings with side rows", [{ ...paid, side }], "commit_postings_with_side", `${POSTING} ${SIDE}`],
    ["both with side rows", [t1, { ...paid, side }], "commit_both_with_side", `${REQUEST} ${POSTING} ${SIDE}`],
  ];
  for (const [what, decisions, name, tables] of cases)
    it(`of ${what} writes only their tables`, () => expect(planOf(...decisions)).to.deep.equal([name, tables]));
});
