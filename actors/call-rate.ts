/**
 * How often a gateway account may be called: a token bucket whose rate falls when the gateway says that it is too much and
 * comes back by and by (gateways.md §3.5). Times: monotonic milliseconds.
 */

/** Part of a second whose calls may go at once: what a late timer held up, and no burst that the gateway would notice. */
const BURST_S = 0.05;
/** What a cut leaves of the rate, and how much of the full rate comes back each second. */
const CUT_TO = 0.7;
const BACK_PER_S = 0.05;
/** However often it is cut, this part stays: with nothing the gateway could not show that it is well again. */
const SHARE_MIN = 0.1;
/** The refusals of one second are one sign. */
const CUT_EVERY_MS = 1_000;

export class CallRate {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #atMs: number;
  #share = 1;
  #cutAtMs = Number.NEGATIVE_INFINITY;

  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#burst = Math.max(1, perSecond * BURST_S);
    this.#tokens = this.#burst;
    this.#atMs = nowMs;
  }

  /** Calls a second that are allowed now. */
  perSecond(nowMs: number): number {
    this.#goOn(nowMs);
    return this.#perSecond * this.#share;
  }

  /** Takes one call if there is one to take. */
  take(nowMs: number): boolean {
    this.#goOn(nowMs);
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** Until there is one to take. */
  waitMs(nowMs: number): number {
    this.#goOn(nowMs);
    return this.#tokens >= 1 ? 0 : (1_000 * (1 - this.#tokens)) / (this.#perSecond * this.#share);
  }

  /** The gateway refused a call for coming too soon. True: the rate was cut. */
  cut(nowMs: number): boolean {
    this.#goOn(nowMs);
    if (nowMs < this.#cutAtMs + CUT_EVERY_MS) return false;
    this.#cutAtMs = nowMs;
    this.#share = Math.max(SHARE_MIN, this.#share * CUT_TO);
    this.#tokens = Math.min(this.#tokens, 1);
    return true;
  }

  #goOn(nowMs: number): void {
    const passedS = Math.max(0, nowMs - this.#atMs) / 1_000;
    if (passedS === 0) return;
    this.#atMs = nowMs;
    this.#tokens = Math.min(this.#burst, this.#tokens + passedS * this.#perSecond * this.#share);
    this.#share = Math.min(1, this.#share + passedS * BACK_PER_S);
  }
}
