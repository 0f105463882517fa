/** Sessions with the control database for calls that must end soon, whatever the database does. */
import pg from "pg";
import type { Clock, Log } from "../actors/index.ts";
import { type AuditEntry, appendAudit } from "./audit.ts";
import { alsoRejected, failedWith, inTransaction } from "./control-sessions.ts";
import { reasonOf } from "./pg-errors.ts";

export interface ControlPoolOptions {
  readonly dsn: string;
  readonly applicationName: string;
  /** Time to connect, and as much again for all statements of a call. */
  readonly withinMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Both throw PaymentClusterError(STORAGE_UNAVAILABLE) when the database refuses or is too slow. */
export interface ControlPool {
  using<T>(work: (client: pg.ClientBase) => Promise<T>): Promise<T>;
  /** One change and its line of the audit trail, both or none; null: nothing changed, and nothing is written. */
  changing(change: (client: pg.ClientBase) => Promise<AuditEntry | null>): Promise<boolean>;
  close(): Promise<void>;
}

const SESSIONS_MAX = 3;

/** Opens the pool; nothing is connected before the first call. */
export function openControlPool({ dsn, applicationName, withinMs, clock, log }: ControlPoolOptions): ControlPool {
  const pool = new pg.Pool({
    connectionString: dsn,
    application_name: applicationName,
    max: SESSIONS_MAX,
    connectionTimeoutMillis: withinMs,
    statement_timeout: withinMs,
    allowExitOnIdle: true,
  });
  pool.on("error", (error) => log.warn({ reason: reasonOf(error) }, "control database connection lost"));

  async function using<T>(work: (client: pg.ClientBase) => Promise<T>): Promise<T> {
    let held: pg.PoolClient | undefined;
    const giveBack = (isUsable: boolean): void => {
      if (isUsable) held?.off("error", alsoRejected); // who is told later of a connection's end still needs it
      held?.release(!isUsable);
      held = undefined;
    };
    let cancel = (): void => {};
    try {
      held = await pool.connect();
      held.on("error", alsoRejected);
      cancel = clock.after(withinMs, () => giveBack(false)); // destroys the socket: what is in flight fails
      const result = await work(held);
      giveBack(true);
      return result;
    } catch (error) {
      giveBack(false); // in a transaction, or dead
      throw failedWith(error);
    } finally {
      cancel();
    }
  }

  let cancelLate = (): void => {};
  return {
    using,
    changing: (change) =>
      using((client) =>
        inTransaction(client, async () => {
          const trace = await change(client);
          if (trace !== null) await appendAudit(client, trace);
          return trace !== null;
        }),
      ),
    close: async () => {
      const late = new Promise<void>((resolve) => {
        cancelLate = clock.after(withinMs, resolve);
      });
      await Promise.race([pool.end(), late]); // a frozen server does not take a good-bye
      cancelLate();
    },
  };
}
