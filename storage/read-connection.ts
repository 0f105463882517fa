/**
 * A reading connection of a shard. Looks never decide anything about a commit in doubt; the caller confirms the epoch. A
 * read that fails because an idle connection had died is tried once more on a new one.
 */
import type { QueryResultRow } from "pg";
import { PaymentClusterError } from "../actors/index.ts";
import { Scratch } from "./binary-arrays.ts";
import { Connection } from "./connection.ts";
import type { ConnectionOptions } from "./connection.ts";
import { reasonOf, serverErrorOf } from "./pg-errors.ts";

/** Bytes are sent as PostgreSQL's binary format, the rest as text. */
export type ReadParameter = Uint8Array | string | number | null;

export class ReadConnection {
  readonly #options: ConnectionOptions;
  readonly #readTimeoutMs: number;
  readonly #scratch = new Scratch();
  #opening: Promise<Connection> | undefined;
  #connection: Connection | undefined;
  #closed = false;

  constructor(options: ConnectionOptions, readTimeoutMs: number) {
    this.#options = options;
    this.#readTimeoutMs = readTimeoutMs;
  }

  /** Process id of the backend, or 0. */
  get pid(): number {
    return this.#connection?.pid ?? 0;
  }

  /**
   * The rows of one statement, prepared under `name`. `encode` runs when the connection is ready, and its buffers are
   * sent before anything else uses the scratch. Throws PaymentClusterError(STORAGE_UNAVAILABLE), its cause the server's
   * error or the connection's.
   */
  async read<Row extends QueryResultRow>(
    name: string,
    text: string,
    encode: (scratch: Scratch) => readonly ReadParameter[],
  ): Promise<Row[]> {
    for (let attempt = 1; ; attempt++) {
      const reused = this.#connection !== undefined && !this.#connection.broken;
      let connection: Connection | undefined;
      try {
        connection = await this.#ready();
        return await this.#query<Row>(connection, name, text, encode);
      } catch (error) {
        const server = serverErrorOf(error);
        const died = server === undefined || server.fatal;
        if (died) connection?.destroy("a read failed");
        if (reused && died && attempt === 1 && !this.#closed) continue;
        throw new PaymentClusterError("STORAGE_UNAVAILABLE", `a read failed: ${reasonOf(error)}`, { cause: error });
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#connection?.end(this.#options.clock);
  }

  async #query<Row extends QueryResultRow>(
    connection: Connection,
    name: string,
    text: string,
    encode: (scratch: Scratch) => readonly ReadParameter[],
  ): Promise<Row[]> {
    this.#scratch.reset();
    const cancel = this.#options.clock.after(this.#readTimeoutMs, () => connection.destroy("read timed out"));
    try {
      return (await connection.query<Row>(text, encode(this.#scratch), name)).rows;
    } finally {
      cancel();
    }
  }

  async #ready(): Promise<Connection> {
    if (this.#closed) throw new Error("the store is closed");
    if (this.#connection !== undefined && !this.#connection.broken) return this.#connection;
    this.#opening ??= Connection.open(this.#options).finally(() => {
      this.#opening = undefined;
    });
    const connection = await this.#opening;
    if (this.#closed) {
      connection.destroy("closed meanwhile");
      throw new Error("the store is closed");
    }
    this.#connection = connection;
    return connection;
  }
}
