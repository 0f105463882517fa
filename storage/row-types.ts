/** The composite types that rows travel as (migrations 0003_rows, 0008_operations): their object ids differ from database to database. */
import { PaymentClusterError } from "../actors/index.ts";
import type { Connection } from "./connection.ts";

/** Made for this: their attributes are the columns of tables.ts, in order. */
export const ROW_TYPES = ["journal_row_2", "payment_row", "idempotency_row", "ledger_entry_row"] as const;
export type RowTypeName = (typeof ROW_TYPES)[number];
export type RowTypes = { readonly [N in RowTypeName]: number };

/** The object ids that commits on this database need. */
export async function loadRowTypes(connection: Connection): Promise<RowTypes> {
  const { rows } = await connection.query<{ name: string; oid: number }>(
    `SELECT typname AS name, oid FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typname = ANY ($1)`,
    [ROW_TYPES],
  );
  const oids = new Map(rows.map((row) => [row.name, row.oid]));
  const oidOf = (name: RowTypeName): number => {
    const oid = oids.get(name);
    if (oid === undefined) throw new PaymentClusterError("INVARIANT_BROKEN", `the shard database has no type ${name}`);
    return oid;
  };
  return {
    journal_row_2: oidOf("journal_row_2"),
    payment_row: oidOf("payment_row"),
    idempotency_row: oidOf("idempotency_row"),
    ledger_entry_row: oidOf("ledger_entry_row"),
  };
}
