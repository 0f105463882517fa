/** Slows down guessing of secrets: counts failures by a key of the caller in windows of a minute, in bounded memory. */

interface Count {
  failures: number;
  readonly endsAtMs: number;
}

export class GuessLimit {
  readonly #failuresMax: number;
  readonly #windowMs: number;
  readonly #keysMax: number;
  readonly #counts = new Map<string, Count>();

  constructor(limits: { readonly failuresMax: number; readonly windowMs: number; readonly keysMax: number }) {
    this.#failuresMax = limits.failuresMax;
    this.#windowMs = limits.windowMs;
    this.#keysMax = limits.keysMax;
  }

  /** Milliseconds until `key` may try again; 0: now. */
  waitMs(key: string, nowMs: number): number {
    const count = this.#counts.get(key);
    return count === undefined || count.failures < this.#failuresMax ? 0 : Math.max(0, count.endsAtMs - nowMs);
  }

  /** Counts one failure. When memory is full the oldest window is forgotten. */
  failed(key: string, nowMs: number): void {
    const count = this.#counts.get(key);
    if (count !== undefined && count.endsAtMs > nowMs) {
      count.failures++;
      return;
    }
    this.#counts.delete(key); // so that the order of the map stays the order of the windows
    if (this.#counts.size >= this.#keysMax) {
      const [oldest] = this.#counts.keys();
      if (oldest !== undefined) this.#counts.delete(oldest);
    }
    this.#counts.set(key, { failures: 1, endsAtMs: nowMs + this.#windowMs });
  }
}
