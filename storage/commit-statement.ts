/**
 * The one statement of a commit: the fence as the main query, one INSERT … SELECT FROM unnest per table beside it.
 * The server runs the main query first, so a fenced batch raises before any row is touched. Batches without a request or
 * without postings have statements of their own: an INSERT of no rows still costs its start. Payments and keys share one:
 * where requests come, some of them are payments. Rows beside the journal are rare: only batches with them pay for them.
 */
import { sha256 } from "../actors/domain/index.ts";
import type { DecisionBatch, Lease, SideRows } from "../actors/index.ts";
import { compositeArray, int2Parameter, int8Parameter } from "./binary-arrays.ts";
import type { Scratch } from "./binary-arrays.ts";
import { partsOf, valuesOf } from "./renewing-statement.ts";
import { type MergedSide, isEmpty, mergeSides } from "./side-rows.ts";
import { SIDE_WRITES } from "./side-statement.ts";
import type { Statement } from "./transaction.ts";
import { INSERTS, rowsOf } from "./tables.ts";
import type { BatchRows, TableInsert } from "./tables.ts";
import type { RowTypeName, RowTypes } from "./row-types.ts";

/** Parameters that are not columns, in order. */
const SCALARS = [
  "epoch",
  "slots_version",
  "shard",
  "first_seq",
  "last_seq",
  "open_floor",
  "anchor",
  "previous",
] as const;
const TYPES: { readonly [S in (typeof SCALARS)[number]]: string } = {
  epoch: "int8",
  slots_version: "int8",
  shard: "int2",
  first_seq: "int8",
  last_seq: "int8",
  open_floor: "int8",
  anchor: "bytea",
  previous: "bytea",
};
const scalar = (name: (typeof SCALARS)[number]): string => `$${SCALARS.indexOf(name) + 1}::${TYPES[name]}`;

/** A table's insert that forgot the type of its rows: what a plan needs of it. */
interface PlannedInsert {
  readonly rowType: RowTypeName;
  sql(parameter: number): string;
  encode(rows: BatchRows, typeOid: number, scratch: Scratch): Buffer;
}

function planned<Row>(insert: TableInsert<Row>): PlannedInsert {
  const names = insert.columns.map((c) => c.name);
  const all = [...names, ...insert.constants.map((c) => c.name)].join(", ");
  const selected = [...names.map((n) => `r.${n}`), ...insert.constants.map((c) => scalar(c.of))].join(", ");
  return {
    rowType: insert.rowType,
    sql: (parameter) =>
      `INSERT INTO ${insert.table} (${all}) SELECT ${selected} FROM unnest($${parameter}::${insert.rowType}[]) AS r`,
    encode: (rows, typeOid, scratch) => compositeArray(insert.columns, typeOid, insert.rowsOf(rows), scratch),
  };
}

interface Plan {
  readonly name: string;
  readonly text: string;
  readonly inserts: readonly PlannedInsert[];
}

function planOf(name: string, inserts: readonly PlannedInsert[], withSide = false): Plan {
  const parts = [
    `anchor AS (INSERT INTO commit_anchor (first_seq, last_seq, digest, previous)
       VALUES (${scalar("first_seq")}, ${scalar("last_seq")}, ${scalar("anchor")}, ${scalar("previous")}))`,
  ];
  for (const [i, insert] of inserts.entries()) parts.push(`i${i} AS (${insert.sql(SCALARS.length + 1 + i)})`);
  if (withSide) parts.push(...partsOf(SIDE_WRITES, SCALARS.length + 1 + inserts.length));
  const fenced = ["epoch", "slots_version", "first_seq", "last_seq", "open_floor", "anchor"] as const;
  const text = `WITH ${parts.join(",\n")}\nSELECT shard_fence(${fenced.map(scalar).join(", ")})`;
  return { name, text, inserts };
}

const JOURNAL = planned(INSERTS.journal);
const REQUESTS = [planned(INSERTS.payment), planned(INSERTS.idempotency)];
const POSTINGS = planned(INSERTS.ledgerEntry);

/** By what a batch contains. */
const CONTENTS = {
  facts: [JOURNAL],
  requests: [JOURNAL, ...REQUESTS],
  postings: [JOURNAL, POSTINGS],
  both: [JOURNAL, ...REQUESTS, POSTINGS],
} as const;
const plansOf = (suffix: string, withSide: boolean) => ({
  facts: planOf(`commit_facts${suffix}`, CONTENTS.facts, withSide),
  requests: planOf(`commit_requests${suffix}`, CONTENTS.requests, withSide),
  postings: planOf(`commit_postings${suffix}`, CONTENTS.postings, withSide),
  both: planOf(`commit_both${suffix}`, CONTENTS.both, withSide),
});
const PLANS = plansOf("", false);
const PLANS_WITH_SIDE = plansOf("_with_side", true);

/** SHA-256 over the previous anchor and the hashes of the batch's rows, in order. */
export function anchorOf(batch: DecisionBatch): Buffer {
  const parts: Uint8Array[] = [batch.previousAnchor];
  for (const decision of batch.decisions) parts.push(decision.entry.hash);
  return Buffer.from(sha256(Buffer.concat(parts)));
}

/** Rows beside the journal of the whole batch; null: there are none. */
function sideOf({ decisions }: DecisionBatch): MergedSide | null {
  const sides: SideRows[] = [];
  for (const { side } of decisions) if (side !== null && !isEmpty(side)) sides.push(side);
  return sides.length === 0 ? null : mergeSides(sides);
}

/** The statement of a batch. Its buffers are views into `scratch`: sent before the next call. Throws RangeError on a value outside its type. */
export function commitStatement(
  lease: Lease,
  batch: DecisionBatch,
  anchor: Buffer,
  rowTypes: RowTypes,
  scratch: Scratch,
): Statement {
  const rows = rowsOf(batch);
  const asks = rows.keyed.length > 0;
  const posts = rows.postings.length > 0;
  const content = asks ? (posts ? "both" : "requests") : posts ? "postings" : "facts";
  const side = sideOf(batch);
  const plan = (side === null ? PLANS : PLANS_WITH_SIDE)[content];
  scratch.reset();
  const values: Buffer[] = [
    int8Parameter(lease.epoch),
    int8Parameter(lease.slotsVersion),
    int2Parameter(lease.shard),
    int8Parameter(batch.firstSeq),
    int8Parameter(batch.firstSeq + BigInt(rows.journal.length) - 1n),
    int8Parameter(batch.openFloorSeq),
    anchor,
    Buffer.from(batch.previousAnchor),
  ];
  for (const insert of plan.inserts) values.push(insert.encode(rows, rowTypes[insert.rowType], scratch));
  if (side !== null) values.push(...valuesOf(SIDE_WRITES, side, scratch));
  return { name: plan.name, text: plan.text, values };
}
