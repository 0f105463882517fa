/**
 * Looks for the largest rate that holds, on the grid start x 1.1^n: short probes find the knee, then the long
 * measurement decides, downwards from there until one holds.
 */

export interface SearchTerms {
  readonly startRate: number;
  /** Ratio of neighbouring rates. */
  readonly factor: number;
  readonly rateMin: number;
  readonly rateMax: number;
  /** Long measurements at most; each takes more than a minute. */
  readonly confirmMax: number;
}

export const STANDARD_SEARCH: SearchTerms = {
  startRate: 6000,
  factor: 1.1,
  rateMin: 500,
  rateMax: 40_000,
  confirmMax: 4,
};

/** Whether `rate` holds: a short look, or the full measurement. */
export type TryRate = (rate: number, length: "probe" | "full") => Promise<boolean>;

/** The largest rate found to hold by a full measurement; null: none did. */
export async function searchRate(terms: SearchTerms, tryRate: TryRate): Promise<number | null> {
  const rateOf = (step: number): number => Math.round(terms.startRate * terms.factor ** step);
  const inRange = (step: number): boolean => rateOf(step) >= terms.rateMin && rateOf(step) <= terms.rateMax;
  let step = 0;
  if (await tryRate(rateOf(step), "probe")) {
    while (inRange(step + 1) && (await tryRate(rateOf(step + 1), "probe"))) step++;
  } else {
    do step--;
    while (inRange(step) && !(await tryRate(rateOf(step), "probe")));
  }
  for (let tries = 0; tries < terms.confirmMax && inRange(step); tries++, step--)
    if (await tryRate(rateOf(step), "full")) return rateOf(step);
  return null;
}
