/**
 * Operators: who may look into the cluster (`read`) or change it (`operate`). Nodes have no right to write them: whoever
 * breaks into a node cannot add one, but sees the tokens of those who ask there, and can act as they may.
 */
import type { Log } from "../actors/index.ts";
import { appendAudit } from "./audit.ts";
import { inTransaction, openControlSessions } from "./control-sessions.ts";
import { withOwner } from "./databases.ts";

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
  const { using, close } = openControlSessions({
    dsn,
    applicationName: `paycluster:operators:${who}`,
    max: 1,
    connectMs: statementTimeoutMs,
    statementMs: statementTimeoutMs,
    log,
  });
  return {
    list: () =>
      using(async (client) => {
        const { rows } = await client.query<OperatorRecord>(
          `SELECT name, role, token_hash AS "tokenHash" FROM operator WHERE revoked_at IS NULL ORDER BY name`,
        );
        return rows;
      }),
    close,
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
