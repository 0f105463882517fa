/**
 * Tells a queue that stands from one that a stall left behind: only the first is overload. A thread that could not run
 * for a moment finds old requests and works them off at once; refusing those would turn each hiccup into errors.
 * The rule of CoDel (RFC 8289 §3): too long a wait counts once it has lasted an interval without one that was short.
 */
export class StandingQueue {
  readonly #waitMaxMs: number;
  #tooLongSinceMs: number | undefined;

  /** `waitMaxMs`: a longer wait is too long; half of it is the interval. */
  constructor(waitMaxMs: number) {
    this.#waitMaxMs = waitMaxMs;
  }

  /** Takes the present wait, at `nowMs` (monotonic); true: it has been too long for an interval. */
  stands(waitMs: number, nowMs: number): boolean {
    if (waitMs <= this.#waitMaxMs) {
      this.#tooLongSinceMs = undefined;
      return false;
    }
    this.#tooLongSinceMs ??= nowMs;
    return nowMs - this.#tooLongSinceMs >= this.#waitMaxMs / 2;
  }
}
