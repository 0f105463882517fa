/**
 * Looks of people at a shard's database: one moment of it, read only, and never for long, so that nobody who looks can
 * harm payments. SQL stays in this room; whoever asks brings the connection.
 */
import type pg from "pg";
import type { QueryResultRow } from "pg";
import { withOwner } from "./databases.ts";

/** The rows of one statement, within one transaction that sees one moment. int8 comes as text or as bigint: cast it. */
export type AskShard = <Row extends QueryResultRow>(
  sql: string,
  parameters?: readonly (string | number | Uint8Array | null)[],
) => Promise<readonly Row[]>;

/** For one statement, and for a pause between two. */
const STATEMENT_TIMEOUT_MS = 5_000;
/** query_canceled: the statement took too long. */
const TOOK_TOO_LONG = "57014";

/** Runs `work` on one moment of the database, which it cannot change, and always disconnects. `signal`: at once; rejects. */
export function withSnapshot<T>(
  dsn: string,
  work: (ask: AskShard) => Promise<T>,
  statementTimeoutMs = STATEMENT_TIMEOUT_MS,
  signal?: AbortSignal,
): Promise<T> {
  const look = async (client: pg.Client): Promise<T> => {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    await client.query(
      `SET LOCAL statement_timeout = ${statementTimeoutMs};
       SET LOCAL idle_in_transaction_session_timeout = ${statementTimeoutMs};
       SET LOCAL application_name = 'paycluster:look'`,
    );
    return await work(
      async <Row extends QueryResultRow>(
        sql: string,
        parameters: readonly (string | number | Uint8Array | null)[] = [],
      ) => (await client.query<Row>(sql, [...parameters])).rows,
    );
  };
  return withOwner(dsn, look, signal);
}

/** What `read` brings; null when a statement of it took too long: the rest of the snapshot can still be read. */
export async function unlessTooLong<T>(ask: AskShard, read: () => Promise<T>): Promise<T | null> {
  await ask("SAVEPOINT part");
  try {
    const found = await read();
    await ask("RELEASE SAVEPOINT part");
    return found;
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== TOOK_TOO_LONG) throw error;
    await ask("ROLLBACK TO SAVEPOINT part");
    return null;
  }
}
