/** Small writes that pass the fence without a journal row: the lease is renewed as the main query, the rows go beside it. */
import type { Lease } from "../actors/index.ts";
import { columnArray, int8Parameter } from "./binary-arrays.ts";
import type { Column, Scratch } from "./binary-arrays.ts";
import type { Statement } from "./transaction.ts";

/** A common table expression that writes rows, given as one array per column. */
export interface Write<Rows> {
  /** How many parameters it takes. */
  readonly width: number;
  /** `first`: the number of its first parameter. */
  sql(first: number): string;
  encode(rows: Rows, scratch: Scratch): readonly Buffer[];
}

/** Rows of one kind: `sql` is given the table function that returns them, its columns named as `columns`. */
export function writeOf<Rows, Row>(
  columns: readonly Column<Row>[],
  rowsOf: (rows: Rows) => readonly Row[],
  sql: (rows: string) => string,
): Write<Rows> {
  const names = columns.map(({ name }) => name).join(", ");
  return {
    width: columns.length,
    sql: (first) =>
      sql(`unnest(${columns.map(({ type }, i) => `$${first + i}::${type}[]`).join(", ")}) AS r(${names})`),
    encode: (rows, scratch) => columns.map((one) => columnArray(one, rowsOf(rows), scratch)),
  };
}

/** The writes as parts of a WITH, their parameters from `first` on. */
export function partsOf<Rows>(writes: readonly Write<Rows>[], first: number): readonly string[] {
  let at = first;
  return writes.map((write, i) => {
    const part = `w${i} AS (${write.sql(at)})`;
    at += write.width;
    return part;
  });
}

export const valuesOf = <Rows>(writes: readonly Write<Rows>[], rows: Rows, scratch: Scratch): readonly Buffer[] =>
  writes.flatMap((write) => write.encode(rows, scratch));

/** The lease's call: raises PC001 unless the lease is the caller's. */
export const leaseCall = (name: "shard_renew" | "shard_release", lease: Lease): Statement => ({
  name,
  text: `SELECT ${name}($1::int8, $2::int8)`,
  values: [int8Parameter(lease.epoch), int8Parameter(lease.slotsVersion)],
});

/** Makes statements of these writes. Their buffers are views into `scratch`: sent before the next call. */
export function renewingStatement<Rows>(
  name: string,
  writes: readonly Write<Rows>[],
): (lease: Lease, rows: Rows, scratch: Scratch) => Statement {
  const text = `WITH ${partsOf(writes, 3).join(",\n")}\nSELECT shard_renew($1::int8, $2::int8)`;
  return (lease, rows, scratch) => {
    scratch.reset();
    const values = [int8Parameter(lease.epoch), int8Parameter(lease.slotsVersion), ...valuesOf(writes, rows, scratch)];
    return { name, text, values };
  };
}
