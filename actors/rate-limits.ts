/**
 * How many requests each merchant sent in the last second, exactly: whoever stays within its limit in any one second is
 * never refused, and nobody gets more through. Time is when the request came, so a moment without the thread makes
 * nobody a flooder. Each merchant has one owner, so there is one count (design §5).
 */
import type { MerchantId } from "./domain/index.ts";
import type { RateState } from "./ports/requests.ts";

const WINDOW_MS = 1_000;
/** Merchants whose counts are kept; of more, the one first seen is forgotten, which allows and never refuses. */
const MERCHANTS_MAX = 50_000;

/** When the last `limit` allowed requests came, oldest first, in a ring. */
class Window {
  readonly limit: number;
  #times: Float64Array;
  #first = 0;
  #count = 0;

  constructor(limit: number) {
    this.limit = limit;
    this.#times = new Float64Array(Math.min(limit, 16));
  }

  /** Counts a request that came at `atMs`; null: allowed. Else milliseconds until one more may come. */
  take(atMs: number, must: boolean): number | null {
    while (this.#count > 0 && (this.#times[this.#first] as number) <= atMs - WINDOW_MS) {
      this.#first = (this.#first + 1) % this.#times.length;
      this.#count--;
    }
    if (this.#count >= this.limit) {
      if (!must) return this.resetMs(atMs);
      this.#first = (this.#first + 1) % this.#times.length;
      this.#count--;
    }
    if (this.#count === this.#times.length) this.#grow();
    this.#times[(this.#first + this.#count++) % this.#times.length] = atMs;
    return null;
  }

  get remaining(): number {
    return this.limit - this.#count;
  }
  resetMs(atMs: number): number {
    return this.#count < this.limit ? 0 : Math.max(1, (this.#times[this.#first] as number) + WINDOW_MS - atMs);
  }

  #grow(): void {
    const times = new Float64Array(Math.min(this.limit, 2 * this.#times.length));
    for (let i = 0; i < this.#count; i++) times[i] = this.#times[(this.#first + i) % this.#times.length] as number;
    this.#times = times;
    this.#first = 0;
  }
}

export class RateLimits {
  readonly #windows = new Map<MerchantId, Window>();

  /**
   * Counts one request of a merchant that may send `limit` in any one second. `atMs`: when it came, monotonic.
   * `must`: it was served already, so it counts and is not refused.
   */
  take(
    merchant: MerchantId,
    limit: number,
    atMs: number,
    must = false,
  ): { readonly allowed: boolean; readonly rate: RateState } {
    let window = this.#windows.get(merchant);
    if (window === undefined || window.limit !== limit) {
      window = new Window(limit);
      this.#keep(merchant, window);
    }
    const waitMs = window.take(atMs, must);
    const rate = { limit, remaining: window.remaining, resetMs: waitMs ?? window.resetMs(atMs) };
    return { allowed: waitMs === null, rate };
  }

  #keep(merchant: MerchantId, window: Window): void {
    if (this.#windows.size >= MERCHANTS_MAX) {
      const [oldest] = this.#windows.keys();
      if (oldest !== undefined) this.#windows.delete(oldest);
    }
    this.#windows.set(merchant, window);
  }
}
