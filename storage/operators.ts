/**
 * Operators: who may look into the cluster (`read`) or change it (`operate`). Nodes have no right to write them: whoever
 * breaks into a node cannot add one, but sees the tokens of those who ask there, and can act as they may.
 */
import pg from "pg";
import { type Log, PaymentClusterError } from "../actors/index.ts";
import { appendAudit } from "./audit.ts";
import { withOwner } from "./databases.ts";
import { reasonOf } from "./pg-errors.ts";

export const OPERATOR_ROLES = ["read", "operate"] as const;
export type OperatorRole = (typeof OPERATOR_ROLES)[number];

export interface OperatorRecord {
  readonly name: string;
  readonly role: OperatorRole;
  /** 32 bytes. */
  readonly tokenHash: Uint8Array;
}

/** Throws PaymentClusterError(STORAGE_UNAVAILABLE) when the database refuses or does not answer in time. */
export interface OperatorStore {
  /** Those that are not revoked, by name. */
  list(): Promise<readonly OperatorRecord[]>;
  close(): Promise<void>;
}

export interface OperatorStoreOptions {
  /** Of the control database, as the application. */
  readonly dsn: string;
  /** Shown in pg_stat_activity. */
  readonly who: string;
  readonly log: Log;
  readonly statementTimeoutMs?: number;
}

/** Opens the store on one connection of its own; nothing is connected before the first call. */
export function openOperatorStore({ dsn, who, log, statementTimeoutMs = 1_500 }: OperatorStoreOptions): OperatorStore {
  const pool = new pg.Pool({
    connectionString: dsn,
    application_name: `paycluster:operators:${who}`,
    max: 1,
    connectionTimeoutMillis: statementTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + 500,
    allowExitOnIdle: true,
  });
  pool.on("error", (error) => log.warn({ reason: reasonOf(error) }, "control database connection lost"));
  const alsoRejected = (): void => {}; // a connection that breaks says so to its query, and as an event

  async function using<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    let client: pg.PoolClient | undefined;
    try {
      client = await pool.connect();
      client.on("error", alsoRejected);
      const result = await work(client);
      client.off("error", alsoRejected);
      client.release();
      return result;
    } catch (error) {
      client?.release(true);
      throw new PaymentClusterError("STORAGE_UNAVAILABLE", `the control database failed: ${reasonOf(error)}`, {
        cause: error,
      });
    }
  }

  return {
    list: () =>
      using(async (client) => {
        const { rows } = await client.query<OperatorRecord>(
          `SELECT name, role, token_hash AS "tokenHash" FROM operator WHERE revoked_at IS NULL ORDER BY name`,
        );
        return rows;
      }),
    close: () => pool.end(),
  };
}

/**
 * Adds an operator, or gives one that is there this role and token, also when it was revoked. `ownerDsn`: of the control
 * database, with owner rights. False: it was so already, and nothing was written.
 */
export function addOperator(
  ownerDsn: string,
  { name, role, tokenHash }: OperatorRecord,
  by: { readonly who: string; readonly reason?: string },
): Promise<boolean> {
  return withOwner(ownerDsn, (client) =>
    inTransaction(client, async () => {
      const { rowCount } = await client.query(
        `INSERT INTO operator (name, role, token_hash) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE SET role = excluded.role, token_hash = excluded.token_hash, revoked_at = NULL
          WHERE (operator.role, operator.token_hash) <> (excluded.role, excluded.token_hash)
             OR operator.revoked_at IS NOT NULL`,
        [name, role, Buffer.from(tokenHash)],
      );
      if (rowCount === 0) return false;
      await appendAudit(client, { ...by, action: "operator.add", subject: name, after: role });
      return true;
    }),
  );
}

/** Its token is refused within seconds. False: there is no such operator, or it was revoked before. */
export function revokeOperator(
  ownerDsn: string,
  name: string,
  by: { readonly who: string; readonly reason: string },
): Promise<boolean> {
  return withOwner(ownerDsn, (client) =>
    inTransaction(client, async () => {
      const { rowCount } = await client.query(
        "UPDATE operator SET revoked_at = clock_timestamp() WHERE name = $1 AND revoked_at IS NULL",
        [name],
      );
      if (rowCount === 0) return false;
      await appendAudit(client, { ...by, action: "operator.revoke", subject: name });
      return true;
    }),
  );
}

/** Commits what `work` wrote. A failure leaves the transaction open: its connection is not used again. */
async function inTransaction<T>(client: pg.ClientBase, work: () => Promise<T>): Promise<T> {
  await client.query("BEGIN");
  const result = await work();
  const commit = await client.query("COMMIT");
  if (commit.command !== "COMMIT") throw new Error("COMMIT became a rollback");
  return result;
}
