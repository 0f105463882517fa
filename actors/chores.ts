/**
 * Small writes beside the decisions: inbox rows without a journal row, endpoints, deliveries. They go out one at a time
 * over the writer's connection, in turns with the batches, under the same fence.
 */
import type { CommitOutcome } from "./ports/decisions.ts";
import type { Lease } from "./ports/shard-store.ts";

type Write = (lease: Lease) => Promise<CommitOutcome>;

interface Chore {
  readonly write: Write;
  readonly settle: (outcome: CommitOutcome) => void;
}

/** Writes that may wait: whoever has more of them batches them. */
const WAITING_MAX = 1_024;
const TOO_MANY: CommitOutcome = { kind: "unavailable", reason: "too many small writes wait" };
const CALLED_OFF: CommitOutcome = { kind: "unavailable", reason: "the actor dropped its memory" };

export class Chores {
  #waiting: Chore[] = [];

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** How the write ended; `unavailable` also when it was called off before it was sent. Never rejects. */
  add(write: Write): Promise<CommitOutcome> {
    if (this.#waiting.length >= WAITING_MAX) return Promise.resolve(TOO_MANY);
    return new Promise((settle) => this.#waiting.push({ write, settle }));
  }

  /** Writes the oldest. Its outcome is also for the loop: it may have lost the lease. */
  async next(lease: Lease): Promise<CommitOutcome> {
    const chore = this.#waiting.shift();
    if (chore === undefined) return CALLED_OFF;
    const outcome = await chore.write(lease);
    chore.settle(outcome);
    return outcome;
  }

  /** None of them will be written. */
  clear(): void {
    for (const { settle } of this.#waiting.splice(0)) settle(CALLED_OFF);
  }
}
