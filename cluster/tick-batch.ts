/** Batching between threads: a hop costs as much as ten of its items, so items travel together. */

/**
 * From one batch to the next, at least: a millisecond for each item of the last one, within these bounds. So a busy
 * thread is woken seldom and works on many items in a row, which halves what one costs, and a quiet one waits little.
 */
const PACE_MS = { min: 2, max: 8 } as const;

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
  #paceMs: number = PACE_MS.min;

  constructor(flush: (items: T[]) => void, time: TickTime = threadTime) {
    this.#flush = flush;
    this.#time = time;
  }

  /** Order is kept within a batch and from batch to batch. */
  add(item: T): void {
    if (this.#items.push(item) > 1) return;
    const waitMs = this.#paceMs - (this.#time.monotonicMs() - this.#flushedAtMs);
    const flush = (): void => {
      this.#flushedAtMs = this.#time.monotonicMs();
      const items = this.#items.splice(0);
      this.#paceMs = Math.min(PACE_MS.max, Math.max(PACE_MS.min, items.length));
      this.#flush(items);
    };
    if (waitMs > 0) this.#time.after(waitMs, flush);
    else this.#time.soon(flush);
  }
}
