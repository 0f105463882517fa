/** Sessions with the control database, and how they end: given back, or thrown away with whatever they had begun. */
import pg from "pg";
import { type Log, PaymentClusterError } from "../actors/index.ts";
import { reasonOf } from "./pg-errors.ts";

export interface ControlSessionsOptions {
  readonly dsn: string;
  readonly applicationName: string;
  /** Sessions at a time. */
  readonly max: number;
  readonly connectMs: number;
  readonly statementMs: number;
  readonly log: Log;
}

/** Runs `work` on a session. Throws PaymentClusterError(STORAGE_UNAVAILABLE) when the database refuses or is too slow. */
export interface ControlSessions {
  readonly using: <T>(work: (client: pg.PoolClient) => Promise<T>) => Promise<T>;
  readonly close: () => Promise<void>;
}

/** The server ends a statement first, and says so. */
const ANSWER_GRACE_MS = 500;

/** A connection that breaks says so to its query and as an event, which would end the process if nobody heard it. */
export const alsoRejected = (): void => {};

export const failedWith = (error: unknown): PaymentClusterError =>
  new PaymentClusterError("STORAGE_UNAVAILABLE", `the control database failed: ${reasonOf(error)}`, { cause: error });

/** Nothing is connected before the first call. */
export function openControlSessions(options: ControlSessionsOptions): ControlSessions {
  const { dsn, applicationName, max, connectMs, statementMs, log } = options;
  const pool = new pg.Pool({
    connectionString: dsn,
    application_name: applicationName,
    max,
    connectionTimeoutMillis: connectMs,
    statement_timeout: statementMs,
    query_timeout: statementMs + ANSWER_GRACE_MS,
    allowExitOnIdle: true,
  });
  pool.on("error", (error) => log.warn({ reason: reasonOf(error) }, "control database connection lost"));
  return {
    async using(work) {
      let client: pg.PoolClient | undefined;
      try {
        client = await pool.connect();
        client.on("error", alsoRejected);
        const result = await work(client);
        client.off("error", alsoRejected);
        client.release();
        return result;
      } catch (error) {
        client?.release(true); // in a transaction, or dead; who is told of its end later still needs the listener
        throw failedWith(error);
      }
    },
    close: () => pool.end(),
  };
}

/** Commits what `work` wrote. A failure leaves the transaction open: its connection is not used again. */
export async function inTransaction<T>(client: pg.ClientBase, work: () => Promise<T>): Promise<T> {
  await client.query("BEGIN");
  const result = await work();
  const commit = await client.query("COMMIT");
  if (commit.command !== "COMMIT") throw new Error("COMMIT became a rollback");
  return result;
}
