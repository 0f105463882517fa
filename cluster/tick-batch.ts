/** Batching between threads: a hop costs as much as ten of its items, so items travel together. */

/** From one batch to the next, at least. */
const HOP_PACE_MS = 2;

/** When a batch leaves; injected in tests. */
export interface TickTime {
  monotonicMs(): number;
  /** At the end of this turn of the event loop. */
  soon(task: () => void): void;
  after(delayMs: number, task: () => void): void;
}

const threadTime: TickTime = {
  monotonicMs: () => performance.now(),
  soon: (task) => void setImmediate(task),
  after: (delayMs, task) => void setTimeout(task, delayMs),
};

/** Collects what comes within one turn of the event loop, or under load within the pace, and hands it on as one batch. */
export class TickBatch<T> {
  readonly #flush: (items: T[]) => void;
  readonly #time: TickTime;
  #items: T[] = [];
  #flushedAtMs = Number.NEGATIVE_INFINITY;

  constructor(flush: (items: T[]) => void, time: TickTime = threadTime) {
    this.#flush = flush;
    this.#time = time;
  }

  /** Order is kept within a batch and from batch to batch. */
  add(item: T): void {
    if (this.#items.push(item) > 1) return;
    const waitMs = HOP_PACE_MS - (this.#time.monotonicMs() - this.#flushedAtMs);
    const flush = (): void => {
      this.#flushedAtMs = this.#time.monotonicMs();
      this.#flush(this.#items.splice(0));
    };
    if (waitMs > 0) this.#time.after(waitMs, flush);
    else this.#time.soon(flush);
  }
}
