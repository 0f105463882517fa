/**
 * The writing connection of a shard: one transaction at a time, BEGIN + statement + COMMIT in one write, and an exact
 * word on how it ended. Modes: settled (may write) and unsettled, entered when a COMMIT's fate is unknown and left
 * only by an activation; no transaction is sent while unsettled.
 */
import type { CommitOutcome } from "../actors/index.ts";
import { Connection } from "./connection.ts";
import type { ConnectionOptions } from "./connection.ts";
import { outcomeOfFailedStatement, reasonOf } from "./pg-errors.ts";
import type { Statement } from "./transaction.ts";

/** How a transaction ended. */
export type WriteOutcome = Exclude<CommitOutcome, { kind: "committed" }> | { readonly kind: "committed" };

/** The answer "not now": nothing was sent. */
export const UNSETTLED: Extract<WriteOutcome, { readonly kind: "unavailable" }> = {
  kind: "unavailable",
  reason: "an earlier commit is unsettled: activate first",
};

export class Writer {
  readonly #options: ConnectionOptions;
  readonly #commitTimeoutMs: number;
  #connection: Connection | undefined;
  #settled = false;

  constructor(options: ConnectionOptions, commitTimeoutMs: number) {
    this.#options = options;
    this.#commitTimeoutMs = commitTimeoutMs;
  }

  /** True once an activation was acknowledged and no later COMMIT is in doubt. */
  get settled(): boolean {
    return this.#settled;
  }

  /** An activation on `connection` was acknowledged: its connection becomes the writer's. */
  adopt(connection: Connection): void {
    this.drop("replaced by an activation");
    this.#connection = connection;
    this.#settled = true;
  }

  /** Drops the connection and refuses writes until the next `adopt`. */
  drop(reason: string): void {
    this.#settled = false;
    this.#connection?.destroy(reason);
    this.#connection = undefined;
  }

  async close(): Promise<void> {
    this.#settled = false;
    await this.#connection?.end(this.#options.clock);
    this.#connection = undefined;
  }

  /**
   * Runs one statement in a transaction of its own. `make` is called when the connection is ready; what it throws is
   * thrown before anything was sent. `unknown` leaves the writer unsettled.
   */
  async run(make: () => Statement): Promise<WriteOutcome> {
    if (!this.#settled) return UNSETTLED;
    let connection = this.#connection;
    if (connection === undefined || connection.broken) {
      try {
        connection = await Connection.open(this.#options);
      } catch (error) {
        return { kind: "unavailable", reason: reasonOf(error) };
      }
      if (!this.#settled) {
        connection.destroy("closed meanwhile");
        return UNSETTLED;
      }
      this.#connection = connection;
    }
    const statement = make();
    const outcome = await this.#transact(connection, statement);
    if (outcome.kind === "unknown") this.drop("its commit is in doubt");
    return outcome;
  }

  async #transact(connection: Connection, statement: Statement): Promise<WriteOutcome> {
    connection.takeWarning();
    const cancel = this.#options.clock.after(this.#commitTimeoutMs, () => connection.destroy("commit timed out"));
    const { tags, error } = await connection.transact(statement);
    cancel();
    const outcome = outcomeOf(tags, error, connection.takeWarning());
    if (outcome.kind === "unknown") this.#options.log.warn({ reason: reasonOf(error) }, "a commit is in doubt");
    return outcome;
  }
}

/** Tags that come before COMMIT's own: BEGIN and the statement's. */
const TAGS_BEFORE_COMMIT = 2;

/**
 * How the transaction ended. An error that the server gave before COMMIT ran means that it cannot commit; an error on
 * COMMIT itself, or of the connection, leaves it unknown. After an error COMMIT "succeeds" with the tag ROLLBACK
 * (faults.md P5). A COMMIT that warned may be on this disk only (P31).
 */
export function outcomeOf(tags: readonly string[], error: unknown, warned: boolean): WriteOutcome {
  if (error !== undefined)
    return tags.length < TAGS_BEFORE_COMMIT ? outcomeOfFailedStatement(error) : { kind: "unknown" };
  const last = tags.at(-1);
  if (last === "ROLLBACK") return { kind: "unavailable", reason: "COMMIT became ROLLBACK" };
  return tags.length === TAGS_BEFORE_COMMIT + 1 && last === "COMMIT" && !warned
    ? { kind: "committed" }
    : { kind: "unknown" };
}
