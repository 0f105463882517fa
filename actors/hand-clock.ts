/** For tests: a clock that stands until it is turned, with one time for both of its faces. */
import type { Clock } from "./ports/world.ts";

export class HandClock implements Clock {
  #now: number;
  #timers: { readonly atMs: number; readonly task: () => void }[] = [];

  constructor(nowMs = 1_000_000) {
    this.#now = nowMs;
  }

  readonly nowMs = (): number => this.#now;
  readonly monotonicMs = (): number => this.#now;
  readonly after = (delayMs: number, task: () => void): (() => void) => {
    const timer = { atMs: this.#now + delayMs, task };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  };

  /** Turns it, running each timer at its own time; promises that can settle do so between two of them. */
  async pass(ms: number): Promise<void> {
    const endMs = this.#now + ms;
    for (;;) {
      await settled();
      const [next] = this.#timers.filter(({ atMs }) => atMs <= endMs).toSorted((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#now = Math.max(this.#now, next.atMs);
      next.task();
    }
    this.#now = endMs;
    await settled();
  }
}

/** Lets every promise that can settle do so. */
export const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};
