/** Those who wait for a proof that the shard can commit now: a commit that was sent after they asked (faults.md P30). */
import type { Clock } from "./ports/world.ts";

interface Probe {
  /** Monotonic milliseconds. */
  readonly sinceMs: number;
  readonly resolve: () => void;
}

export class CommitProbes {
  readonly #clock: Clock;
  #waiting: Probe[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** True once a commit that was sent after now is acknowledged; false when none is within `withinMs`. */
  wait(withinMs: number): Promise<boolean> {
    const sinceMs = this.#clock.monotonicMs();
    return new Promise((resolve) => {
      const probe = { sinceMs, resolve: () => resolve(true) };
      this.#waiting.push(probe);
      this.#clock.after(withinMs, () => {
        this.#waiting = this.#waiting.filter((other) => other !== probe);
        resolve(false);
      });
    });
  }

  /** A commit sent at `sentAtMs` is acknowledged. */
  acknowledged(sentAtMs: number): void {
    if (this.#waiting.length === 0) return;
    for (const probe of this.#waiting) if (probe.sinceMs <= sentAtMs) probe.resolve();
    this.#waiting = this.#waiting.filter(({ sinceMs }) => sinceMs > sentAtMs);
  }
}
