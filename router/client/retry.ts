/** When the same request is sent again, and how long to wait before: rules that the manual gives to every client. */
import type { PaymentError } from "./payment-error.ts";

export interface RetryTerms {
  /** Tries of one call that may fail, the first included. */
  readonly triesMax: number;
  readonly initialMs: number;
  readonly maxMs: number;
  /** A server that asks for a longer wait than this is not waited for: the error comes at once. */
  readonly hintMaxMs: number;
  /** How long the answer of a request with the same key that still runs is waited for, however many tries that takes. */
  readonly inUseMaxMs: number;
}
/** Three times what the API takes before it answers 202: then the key is free of the request that ran. */
const IN_USE_MAX_MS = 30_000;
export const RETRY_TERMS: RetryTerms = {
  triesMax: 5,
  initialMs: 500,
  maxMs: 8_000,
  hintMaxMs: 60_000,
  inUseMaxMs: IN_USE_MAX_MS,
};

/** Nothing was decided, so the same request with the same key may pass. */
function mayRetry({ code, status }: PaymentError): boolean {
  if (code === "connection_failed" || code === "timed_out") return true;
  return status !== null && (status === 429 || status >= 500);
}

/** Before try `failures + 1`: `min(initial × 2^(failures−1), max)`, of which a random 50 to 100 %. Milliseconds. */
export const backoffMs = (failures: number, terms: RetryTerms, fraction: number): number =>
  Math.min(terms.initialMs * 2 ** (failures - 1), terms.maxMs) * (0.5 + fraction / 2);

/** The tries of one call: counts those that failed, and measures how long the key has been in use. */
export class Tries {
  readonly #terms: RetryTerms;
  #failures = 0;
  #inUse = 0;
  #inUseSinceMs = 0;

  constructor(terms: RetryTerms) {
    this.#terms = terms;
  }

  /** Milliseconds until the next try, as the server says or by ourselves. Null: give up. `nowMs`: any clock's. */
  waitAfterMs(error: PaymentError, nowMs: number, fraction: number): number | null {
    if (error.code === "idempotency_key_in_use") return this.#waitForKeyMs(error, nowMs, fraction);
    if (++this.#failures >= this.#terms.triesMax || !mayRetry(error)) return null;
    return this.#hintOrBackoffMs(error, this.#failures, fraction);
  }

  /** The first request runs and ends by itself: no failure of ours. */
  #waitForKeyMs(error: PaymentError, nowMs: number, fraction: number): number | null {
    if (++this.#inUse === 1) this.#inUseSinceMs = nowMs;
    const waitMs = this.#hintOrBackoffMs(error, this.#inUse, fraction);
    return waitMs === null || nowMs + waitMs > this.#inUseSinceMs + this.#terms.inUseMaxMs ? null : waitMs;
  }

  #hintOrBackoffMs({ retryAfterMs }: PaymentError, failures: number, fraction: number): number | null {
    if (retryAfterMs === null) return backoffMs(failures, this.#terms, fraction);
    return retryAfterMs <= this.#terms.hintMaxMs ? retryAfterMs : null;
  }
}
