/**
 * What is still to be written to `operation_open`, the small table of operations in doubt (design §3.4). Written behind
 * the decisions, in slices. A row that the database refuses is dropped alone: the others, and the lease, do not wait for it.
 */
import type { OperationId } from "./domain/index.ts";
import type { CommitOutcome, DoubtRow } from "./ports/decisions.ts";
import type { Lease, ShardStore } from "./ports/shard-store.ts";

export interface DoubtHooks {
  /** These operations' rows are acknowledged. */
  doubtsSaved(rows: readonly DoubtRow[]): void;
  /** The database refuses this operation's row; it is not tried again. */
  doubtRefused(operationId: OperationId, sqlState: string): void;
}

type Failed = Exclude<CommitOutcome, { kind: "committed" | "rejected" }>;

export class DoubtTable {
  readonly #store: ShardStore;
  readonly #hooks: DoubtHooks;
  readonly #rows = new Map<OperationId, DoubtRow>();
  /** Rows that stand in the table, or may: what ends is removed only there. At most the open operations. */
  readonly #standing = new Set<OperationId>();
  readonly #closed = new Set<OperationId>();

  constructor(store: ShardStore, hooks: DoubtHooks) {
    this.#store = store;
    this.#hooks = hooks;
  }

  get isEmpty(): boolean {
    return this.#rows.size === 0 && this.#closed.size === 0;
  }

  /** Begins anew with what an activation found in the table: rows of open operations, and of such that ended. */
  begin(standing: Iterable<OperationId>, ended: Iterable<OperationId>): void {
    this.clear();
    for (const id of standing) this.#standing.add(id);
    for (const id of ended) this.#closed.add(id);
  }

  /** An operation is in doubt; `row` null: no longer. The newest word counts. */
  note(operationId: OperationId, row: DoubtRow | null): void {
    if (row !== null) {
      this.#rows.set(operationId, row);
      return;
    }
    this.#rows.delete(operationId);
    if (this.#standing.delete(operationId)) this.#closed.add(operationId);
  }

  clear(): void {
    this.#rows.clear();
    this.#standing.clear();
    this.#closed.clear();
  }

  /** Writes at most `sliceMax` rows of each kind. What was not written for want of a database waits again. */
  async write(lease: Lease, sliceMax: number): Promise<CommitOutcome> {
    const rows: DoubtRow[] = [];
    for (const [id, row] of this.#rows) {
      if (rows.length === sliceMax) break;
      rows.push(row);
      this.#rows.delete(id);
      this.#standing.add(id);
    }
    const closed: OperationId[] = [];
    for (const id of this.#closed) {
      if (closed.length === sliceMax) break;
      closed.push(id);
      this.#closed.delete(id);
    }
    return await this.#save(lease, rows, closed);
  }

  /** A refused slice is written again in halves until the offender stands alone. */
  async #save(lease: Lease, rows: readonly DoubtRow[], closed: readonly OperationId[]): Promise<CommitOutcome> {
    const outcome = await this.#store.saveDoubts(lease, rows, closed);
    if (outcome.kind === "committed") this.#hooks.doubtsSaved(rows);
    else if (outcome.kind !== "rejected") this.#putBack(rows, closed);
    if (outcome.kind !== "rejected") return outcome;
    const [only] = rows;
    if (only === undefined || rows.length === 1) {
      for (const id of only === undefined ? closed : [only.operationId]) this.#hooks.doubtRefused(id, outcome.sqlState);
      return only === undefined || closed.length === 0 ? outcome : await this.#save(lease, [], closed);
    }
    const half = rows.length >>> 1;
    const first = await this.#save(lease, rows.slice(0, half), closed);
    if (!isFailed(first)) return await this.#save(lease, rows.slice(half), []);
    this.#putBack(rows.slice(half), []);
    return first;
  }

  /** Unless something newer was noted meanwhile. */
  #putBack(rows: readonly DoubtRow[], closed: readonly OperationId[]): void {
    for (const row of rows)
      if (!this.#rows.has(row.operationId) && !this.#closed.has(row.operationId)) this.#rows.set(row.operationId, row);
    for (const id of closed) this.#closed.add(id);
  }
}

const isFailed = (outcome: CommitOutcome): outcome is Failed =>
  outcome.kind !== "committed" && outcome.kind !== "rejected";
