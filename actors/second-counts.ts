/** How often something happened in each of the last seconds, in a ring that neither grows nor needs a timer. */

/** Seconds that are kept. */
const SECONDS = 61;

export class SecondCounts {
  readonly #counts = new Uint32Array(SECONDS);
  /** The second that each count is of, by the monotonic clock. */
  readonly #seconds = new Float64Array(SECONDS).fill(-1);

  /** `nowMs`: monotonic, and never less than before. */
  add(nowMs: number): void {
    const second = Math.floor(nowMs / 1_000);
    const at = second % SECONDS;
    if (this.#seconds[at] !== second) {
      this.#seconds[at] = second;
      this.#counts[at] = 0;
    }
    this.#counts[at] = (this.#counts[at] as number) + 1;
  }

  /** What was counted in the running second and the `seconds - 1` before it; at most 61 of them are known. */
  sum(nowMs: number, seconds: number): number {
    const newest = Math.floor(nowMs / 1_000);
    let sum = 0;
    for (let second = newest; second > newest - seconds; second--) {
      const at = ((second % SECONDS) + SECONDS) % SECONDS; // of a clock that began a moment ago
      if (this.#seconds[at] === second) sum += this.#counts[at] as number;
    }
    return sum;
  }

  clear(): void {
    this.#seconds.fill(-1);
  }
}
