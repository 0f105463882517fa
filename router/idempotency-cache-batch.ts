/** Batching in time: a command to Redis costs as much as ten of its items, so items travel together. */
import type { Clock } from "../actors/index.ts";

/** How long items may wait for each other. */
export interface BatchPace {
  /** From one batch to the next: a millisecond for each item of the last one, within these bounds. */
  readonly minMs: number;
  readonly maxMs: number;
  /** A batch of so many leaves at once. */
  readonly itemsMax: number;
}

/** Collects what comes within one turn of the event loop, or under load within the pace, and hands it on as one batch. */
export class PacedBatch<T> {
  readonly #pace: BatchPace;
  readonly #clock: Clock;
  readonly #soon: (task: () => void) => void;
  readonly #flush: (items: readonly T[]) => void;
  #items: T[] = [];
  #flushedAtMs = Number.NEGATIVE_INFINITY;
  #waitMs: number;

  /** `soon`: runs a task at the end of this turn of the event loop. */
  constructor(pace: BatchPace, clock: Clock, soon: (task: () => void) => void, flush: (items: readonly T[]) => void) {
    this.#pace = pace;
    this.#clock = clock;
    this.#soon = soon;
    this.#flush = flush;
    this.#waitMs = pace.minMs;
  }

  /** Order is kept within a batch and from batch to batch. */
  add(item: T): void {
    const count = this.#items.push(item);
    if (count === this.#pace.itemsMax) this.#hand(this.#items);
    if (count > 1) return;
    const items = this.#items;
    const waitMs = this.#flushedAtMs + this.#waitMs - this.#clock.monotonicMs();
    if (waitMs > 0) this.#clock.after(waitMs, () => this.#hand(items));
    else this.#soon(() => this.#hand(items));
  }

  /** Takes what waits, without handing it on. */
  takeAll(): readonly T[] {
    const items = this.#items;
    this.#items = [];
    return items;
  }

  /** Hands on these items unless they are gone already: full, or taken. */
  #hand(items: readonly T[]): void {
    if (items !== this.#items || items.length === 0) return;
    this.#items = [];
    this.#flushedAtMs = this.#clock.monotonicMs();
    this.#waitMs = Math.min(this.#pace.maxMs, Math.max(this.#pace.minMs, items.length));
    this.#flush(items);
  }
}
