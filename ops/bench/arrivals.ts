/** When calls reached a gateway, and whether they kept to a budget. Times: Unix milliseconds, in order. */

/** What a simulator says of the requests that reached it; `newest`: the last 512 of `total`, oldest first. */
export interface RequestReport {
  readonly total: number;
  readonly newest: readonly { readonly at: number }[];
}

/** Most calls within any one second. */
export function busiestSecond(arrivals: readonly number[]): number {
  let most = 0;
  let first = 0;
  arrivals.forEach((atMs, i) => {
    while (atMs - (arrivals[first] as number) >= 1_000) first++;
    most = Math.max(most, i - first + 1);
  });
  return most;
}

/**
 * By how many calls at most the arrivals were ahead of a budget that began at `startMs`: at any moment there may have been
 * `burst` calls and `perSecond` more each second. A call that is delayed on its way is only later: 0 is never wrong.
 */
export function aheadOfBudget(
  arrivals: readonly number[],
  startMs: number,
  { perSecond, burst }: { readonly perSecond: number; readonly burst: number },
): number {
  const allowed = (atMs: number): number => burst + (perSecond * Math.max(0, atMs - startMs)) / 1_000;
  return arrivals.reduce((most, atMs, i) => Math.max(most, Math.ceil(i + 1 - allowed(atMs))), 0);
}

/** Collects arrivals from reports that overlap. */
export class ArrivalLog {
  readonly #arrivals: number[] = [];
  #total: number;

  /** What came before `total` does not count. */
  constructor(total: number) {
    this.#total = total;
  }

  /** `nowMs`: stands for the time of what no report was left of. */
  add({ total, newest }: RequestReport, nowMs: number): void {
    const added = total - this.#total;
    this.#total = total;
    const known = newest.slice(Math.max(0, newest.length - added));
    for (let lost = added - known.length; lost > 0; lost--) this.#arrivals.push(known[0]?.at ?? nowMs);
    for (const { at } of known) this.#arrivals.push(at);
  }

  get all(): readonly number[] {
    return this.#arrivals;
  }
}
