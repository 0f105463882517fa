/**
 * When each request is due: at t0 + k / rate, fixed before the run. A late server or a late generator does not move it,
 * so waiting is measured and not hidden. Times: milliseconds after t0.
 */

/** `rate`: requests a second. The first `warmupS` seconds are sent and not measured. */
export interface ScheduleTerms {
  readonly rate: number;
  readonly warmupS: number;
  readonly measureS: number;
}

export interface Schedule {
  /** Number of requests, warm-up included. */
  readonly total: number;
  /** The first request that is measured. */
  readonly firstMeasured: number;
  readonly measureStartMs: number;
  readonly measureEndMs: number;
  /** When request `k` is due. */
  dueMs(k: number): number;
  /** How many requests are due at `elapsedMs`: those numbered below the answer. */
  dueBy(elapsedMs: number): number;
}

/** A schedule of evenly spaced requests. Throws when a term is not positive. */
export function makeSchedule({ rate, warmupS, measureS }: ScheduleTerms): Schedule {
  if (!(rate > 0 && measureS > 0 && warmupS >= 0)) throw new Error("rate and seconds must be positive");
  const perMs = rate / 1000;
  const total = Math.max(1, Math.round(rate * (warmupS + measureS)));
  return {
    total,
    firstMeasured: Math.ceil(rate * warmupS - 1e-6),
    measureStartMs: warmupS * 1000,
    measureEndMs: (warmupS + measureS) * 1000,
    dueMs: (k) => k / perMs,
    // The small number takes back what the division lost: request k is due at exactly dueMs(k).
    dueBy: (elapsedMs) => (elapsedMs < 0 ? 0 : Math.min(total, Math.floor(elapsedMs * perMs + 1e-6) + 1)),
  };
}

/**
 * Connections that a rate needs: each is busy for one answer, and an answer within the P99 limit must never wait for a
 * free one. The lower bound keeps each in use before the server drops it as idle (10 s).
 */
export function connectionsFor(rate: number, p99LimitMs: number, max: number): number {
  return Math.min(max, Math.max(16, Math.ceil((rate * (p99LimitMs + 100)) / 1000)));
}
