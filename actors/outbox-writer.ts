/**
 * Writes endpoints, events and deliveries, each in its turn between the commits. What is written is decided when the turn
 * has come and remembered before anybody else's has: so nobody overwrites what was written since he looked.
 */
import { NO_OUTBOX_ROWS } from "./delivery-rows.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { CommitOutcome } from "./ports/decisions.ts";
import type { OutboxRows } from "./ports/outbox.ts";
import type { ShardStore } from "./ports/shard-store.ts";

/** What one turn writes. `written`: remembers it. */
export interface OutboxWrite {
  readonly rows: Partial<OutboxRows>;
  written(): void;
}

/** `nothing`: when the turn came there was nothing to write any more. */
export type OutboxOutcome = CommitOutcome | { readonly kind: "nothing" };

/** For the commit loop: neither good news nor bad. SQLSTATE 02000 is "no data". */
const NO_DATA: CommitOutcome = { kind: "rejected", sqlState: "02000", constraint: null };

export class OutboxWriter {
  readonly #commit: GroupCommit;
  readonly #store: ShardStore;

  constructor(commit: GroupCommit, store: ShardStore) {
    this.#commit = commit;
    this.#store = store;
  }

  /** Calls `decide` when the turn has come, or never. Never rejects. */
  async write(decide: () => OutboxWrite | null): Promise<OutboxOutcome> {
    let nothing = false;
    const outcome = await this.#commit.write(async (lease) => {
      const write = decide();
      nothing = write === null;
      if (write === null) return NO_DATA;
      const saved = await this.#store.saveOutbox(lease, { ...NO_OUTBOX_ROWS, ...write.rows });
      if (saved.kind === "committed") write.written();
      return saved;
    });
    return nothing ? { kind: "nothing" } : outcome;
  }
}
