/**
 * One connection to a database: `pg`'s Client over a socket of our own, so that a dead peer can be dropped at once.
 * States: open until `destroy`, `end` or the first socket error; a broken connection is never repaired, its user opens
 * a new one. pg's 'error' events end here: they never reach the process.
 */
import { Socket } from "node:net";
import pg from "pg";
import type { Clock, Log } from "../actors/index.ts";
import { Transaction } from "./transaction.ts";
import type { Statement, TransactionAnswer } from "./transaction.ts";

export interface ConnectionOptions {
  readonly dsn: string;
  readonly applicationName: string;
  /** Server side, for each statement. */
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  /** Time to be ready for the first statement. */
  readonly connectTimeoutMs: number;
  /** Statements may be sent before earlier ones are answered: for reads. Transactions need a connection without. */
  readonly pipeline: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Plans are made once for all batch sizes. Sequential and bitmap scans, hash and merge joins are never right here: rows
 * are looked up by unique keys or taken from an index in its order, and a fresh table without statistics would tempt the
 * planner (performance.md §7.3). No key is looked up twice in a statement: memoize only costs.
 */
const SETTINGS = {
  plan_cache_mode: "force_generic_plan",
  synchronous_commit: "on",
  default_transaction_isolation: "read committed",
  // A frozen owner must not hold the lease row for long (faults.md P4).
  idle_in_transaction_session_timeout: "2000",
  enable_seqscan: "off",
  enable_bitmapscan: "off",
  enable_memoize: "off",
  enable_hashjoin: "off",
  enable_mergejoin: "off",
  jit: "off",
} as const;

/** int8 as bigint, everywhere; the rest as pg has it. */
const INT8 = pg.types.builtins.INT8;
const types: pg.CustomTypesConfig = {
  getTypeParser(oid, format) {
    if (oid === INT8) return (text: string) => BigInt(text);
    return pg.types.getTypeParser(oid, format);
  },
};

export class Connection {
  readonly #client: pg.Client;
  readonly #socket: Socket;
  #broken = false;
  #pid = 0;
  #warned = false;
  readonly #prepared = new Set<string>();

  private constructor(client: pg.Client, socket: Socket, log: Log) {
    this.#client = client;
    this.#socket = socket;
    client.on("error", (error: Error) => {
      if (!this.#broken)
        log.warn({ reason: (error as NodeJS.ErrnoException).code ?? "lost" }, "database connection lost");
      this.#broken = true;
    });
    client.on("end", () => {
      this.#broken = true;
    });
    client.on("notice", (notice: { severity?: string | undefined }) => {
      if (notice.severity === "WARNING") this.#warned = true;
    });
  }

  /** Opens a connection. Throws when it is not ready in time; nothing was sent then but the log-in. */
  static async open(options: ConnectionOptions): Promise<Connection> {
    const socket = new Socket();
    const settings = Object.entries(SETTINGS).map(([name, value]) => `-c ${name}=${value.replaceAll(" ", "\\ ")}`);
    const client = new pg.Client({
      connectionString: options.dsn,
      application_name: options.applicationName,
      statement_timeout: options.statementTimeoutMs,
      lock_timeout: options.lockTimeoutMs,
      options: settings.join(" "),
      keepAlive: true,
      keepAliveInitialDelayMillis: 5_000,
      pipeline: options.pipeline,
      stream: () => socket,
      types,
    });
    const connection = new Connection(client, socket, options.log);
    const cancel = options.clock.after(options.connectTimeoutMs, () => connection.destroy("connect timed out"));
    try {
      await client.connect();
      connection.#pid = (client as unknown as { readonly processID: number }).processID; // not in pg's types
    } catch (error) {
      connection.destroy("connect failed");
      throw error;
    } finally {
      cancel();
    }
    return connection;
  }

  /** Process id of the backend. */
  get pid(): number {
    return this.#pid;
  }

  get broken(): boolean {
    return this.#broken || this.#socket.destroyed;
  }

  /** True when the server warned since the last call: a COMMIT that warned may not be on the standby (faults.md P31). */
  takeWarning(): boolean {
    const warned = this.#warned;
    this.#warned = false;
    return warned;
  }

  /** Runs one statement; several at once are answered in order. Rows are pg's, int8 as bigint. */
  query<Row extends pg.QueryResultRow>(
    text: string,
    values?: readonly unknown[],
    name?: string,
  ): Promise<pg.QueryResult<Row>> {
    if (values === undefined) return this.#client.query<Row>(text);
    const config = name === undefined ? { text, values: [...values] } : { name, text, values: [...values] };
    return this.#client.query<Row>(config);
  }

  /** Runs a statement between BEGIN and COMMIT. Resolves always; without the server's own answer `error` is the socket's. */
  async transact(statement: Statement): Promise<TransactionAnswer> {
    let transaction: Transaction | undefined;
    const answer = await new Promise<TransactionAnswer>((resolve) => {
      transaction = new Transaction(statement, this.#prepared, resolve);
      this.#client.query(transaction);
    });
    if (answer.error === undefined || answer.tags.length > 0)
      for (const name of transaction?.names ?? []) this.#prepared.add(name);
    if (answer.error === undefined || this.broken) return answer;
    // What was prepared is known only once BEGIN ran; and the failed transaction is still open.
    if (answer.tags.length === 0) this.destroy("a transaction did not begin");
    else await this.#client.query("ROLLBACK").catch(() => this.destroy("a rollback failed"));
    return answer;
  }

  /** Drops the connection at once; what is in flight fails. */
  destroy(reason: string): void {
    this.#broken = true;
    this.#socket.destroy(new Error(reason));
  }

  /** Says good-bye and waits; a server that does not answer is dropped. */
  async end(clock: Clock): Promise<void> {
    if (this.broken) return;
    const cancel = clock.after(1_000, () => this.destroy("end timed out"));
    try {
      await this.#client.end();
    } catch {
      // It is gone, which is what was wanted.
    } finally {
      cancel();
      this.#broken = true;
    }
  }
}
