/**
 * BEGIN, one statement and COMMIT as one message to the server and one answer: `pg` would send and await a Sync for
 * each, which wakes both sides three times per commit. A Submittable, the interface that pg's own cursor uses.
 */
import type pg from "pg";

/** A prepared statement with its parameters, valid until it was sent. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values: readonly Buffer[];
}

/** What the server answered: the tags of what it ran, and the error that stopped it. */
export interface TransactionAnswer {
  /** `BEGIN`, the statement's, `COMMIT` or `ROLLBACK`: as far as it came. */
  readonly tags: readonly string[];
  readonly error: unknown;
}

const BEGIN: Statement = { name: "begin", text: "BEGIN", values: [] };
const COMMIT: Statement = { name: "commit", text: "COMMIT", values: [] };

export class Transaction implements pg.Submittable {
  readonly #statements: readonly Statement[];
  readonly #prepared: ReadonlySet<string>;
  readonly #done: (answer: TransactionAnswer) => void;
  readonly #tags: string[] = [];

  /** `prepared`: names that this connection's server knows already. */
  constructor(statement: Statement, prepared: ReadonlySet<string>, done: (answer: TransactionAnswer) => void) {
    this.#statements = [BEGIN, statement, COMMIT];
    this.#prepared = prepared;
    this.#done = done;
  }

  /** Names that will be prepared when this was answered without an error. */
  get names(): readonly string[] {
    return this.#statements.map((s) => s.name);
  }

  /** All preparing comes first: once BEGIN was answered, the server knows every statement. */
  submit(connection: pg.Connection): void {
    const { stream } = connection;
    stream.cork();
    try {
      for (const { name, text } of this.#statements)
        if (!this.#prepared.has(name)) connection.parse({ name, text, types: [] }, true);
      for (const { name, values } of this.#statements) {
        connection.bind({ statement: name, values: values as Buffer[] }, true);
        connection.execute(null, true);
      }
      connection.sync();
    } finally {
      stream.uncork();
    }
  }

  handleCommandComplete(message: { readonly text: string }): void {
    this.#tags.push(message.text);
  }
  /** The server reads no further than the error, so COMMIT did not run if it was not answered. */
  handleError(error: unknown): void {
    this.#done({ tags: this.#tags, error });
  }
  handleReadyForQuery(): void {
    this.#done({ tags: this.#tags, error: undefined });
  }
  /** The statement's one row says nothing: the fence raises or returns void. */
  handleDataRow(): void {}
  handleRowDescription(): void {}
}
