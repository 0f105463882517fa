/**
 * How sure an actor may be that the shard is still its own (design §3.2). For a while after its last acknowledged commit
 * or renewal was sent nobody else can serve, and memory may answer. Afterwards one look at the epoch answers for all who
 * asked before it was sent; a frozen process that wakes up thus says nothing of its past.
 */
import type { GroupCommit } from "./group-commit.ts";
import type { Lease, ShardStore } from "./ports/shard-store.ts";
import type { Clock } from "./ports/world.ts";

export interface OwnershipLimits {
  /** Memory may answer for this long after the last acknowledged commit or renewal was sent. */
  readonly memoryAnswersForMs: number;
}

/** Requests that wait for a look or for a read; what comes beyond them is refused. */
export const WAITING_READS_MAX = 4_096;

type Question = (mine: boolean) => void;

export class Ownership {
  readonly #commit: GroupCommit;
  readonly #store: ShardStore;
  readonly #clock: Clock;
  readonly #limits: OwnershipLimits;
  #questions: Question[] = [];
  #looking = false;

  constructor(commit: GroupCommit, store: ShardStore, clock: Clock, limits: OwnershipLimits) {
    this.#commit = commit;
    this.#store = store;
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Nobody else can have served the shard until now. */
  get isCertain(): boolean {
    return this.#clock.monotonicMs() - this.#commit.lastAckSentAtMs < this.#limits.memoryAnswersForMs;
  }

  /** Calls `question` after the next look; false: too many wait, it will not be called. */
  ask(question: Question): boolean {
    if (this.#questions.length >= WAITING_READS_MAX) return false;
    this.#questions.push(question);
    return true;
  }

  /** One look for all who asked since the last one was sent. Called at the end of each tick. */
  flush(): void {
    const { lease } = this.#commit;
    if (this.#questions.length === 0 || this.#looking || lease === undefined) return;
    void this.#look(this.#questions.splice(0), lease);
  }

  /** The actor drops its memory: all who wait are told that it is not sure. */
  reset(): void {
    for (const question of this.#questions.splice(0)) question(false);
  }

  async #look(questions: readonly Question[], lease: Lease): Promise<void> {
    this.#looking = true;
    const confirmed = await this.#store.confirmEpoch(lease).catch(() => false);
    this.#looking = false;
    const mine = confirmed && this.#commit.lease === lease;
    for (const question of questions) question(mine);
    this.flush();
  }
}
