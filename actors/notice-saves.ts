/** Writes rows of the inbox that no fact carries: many in one small write, each told how it ended. */
import type { CommitLimits, GroupCommit } from "./group-commit.ts";
import type { CommitOutcome } from "./ports/decisions.ts";
import { type Finding, NO_SIDE_ROWS, type NoticeRow, type SideRows } from "./ports/inbox.ts";
import type { Lease, ShardStore } from "./ports/shard-store.ts";
import type { Clock } from "./ports/world.ts";

/** `stored`: acknowledged. `refused`: the database will not take this row. `failed`: not now, or nobody knows. */
export type Saved = "stored" | "refused" | "failed";

export interface NoticeSavesParts {
  readonly commit: GroupCommit;
  readonly store: ShardStore;
  readonly clock: Clock;
  readonly limits: Pick<CommitLimits, "commitPaceMs">;
}

interface Save {
  readonly row: NoticeRow;
  readonly findings: readonly Finding[];
  readonly resolved: SideRows["resolved"];
  readonly done: (how: Saved) => void;
}

const BATCH_MAX = 256;

export class NoticeSaves {
  readonly #commit: GroupCommit;
  readonly #store: ShardStore;
  readonly #clock: Clock;
  readonly #paceMs: number;
  #waiting: Save[] = [];
  #writing = false;

  /**
   * `paceMs`: from one write's begin to the next, at least. Each takes its turn with the decisions of payments and costs
   * as much as many rows, and a gateway waits seconds for its acknowledgement. The first after a quiet time goes at once.
   */
  constructor({ commit, store, clock, limits }: NoticeSavesParts) {
    this.#commit = commit;
    this.#store = store;
    this.#clock = clock;
    this.#paceMs = limits.commitPaceMs;
  }

  /** `done` is called once, unless the actor reloads. */
  save(row: NoticeRow, side: Partial<SideRows>, done: (how: Saved) => void): void {
    this.#waiting.push({ row, findings: side.findings ?? [], resolved: side.resolved ?? [], done });
    if (this.#writing) return;
    this.#writing = true;
    queueMicrotask(() => void this.#run()); // what comes in this turn goes together
  }

  /** The actor drops its memory. */
  reset(): void {
    this.#waiting = [];
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const nextAtMs = this.#clock.monotonicMs() + this.#paceMs;
      await this.#write(this.#waiting.splice(0, BATCH_MAX));
      const restMs = nextAtMs - this.#clock.monotonicMs();
      if (restMs > 0) await new Promise<void>((resolve) => void this.#clock.after(restMs, resolve));
    }
    this.#writing = false;
  }

  /** A refused batch is written again in halves until the offender stands alone. */
  async #write(saves: readonly Save[]): Promise<void> {
    const outcome = await this.#commit.write((lease) => this.#save(lease, saves));
    if (outcome.kind === "rejected" && saves.length > 1) {
      const half = saves.length >>> 1;
      await this.#write(saves.slice(0, half));
      await this.#write(saves.slice(half));
      return;
    }
    const how = outcome.kind === "committed" ? "stored" : outcome.kind === "rejected" ? "refused" : "failed";
    for (const { done } of saves) done(how);
  }

  #save(lease: Lease, saves: readonly Save[]): Promise<CommitOutcome> {
    return this.#store.saveSide(lease, {
      ...NO_SIDE_ROWS,
      notices: saves.map(({ row }) => row),
      findings: saves.flatMap(({ findings }) => findings),
      resolved: saves.flatMap(({ resolved }) => resolved),
    });
  }
}
