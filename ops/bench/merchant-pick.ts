/** Which merchant sends request k: a function of k alone, so that a request can be made again from its number. */

/** Uniform: all alike. Zipf: the i-th merchant's share is proportional to 1 / i^s, with s such that the first has `firstShare`. */
export type MerchantSpread = { readonly kind: "uniform" } | { readonly kind: "zipf"; readonly firstShare: number };

export const UNIFORM: MerchantSpread = { kind: "uniform" };

/** Gives the index of the merchant of request `k`, from 0. */
export type PickMerchant = (k: number) => number;

/** Well-mixed 32 bits of a number (the finalizer of MurmurHash3). */
export function mix32(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

const drawOf = (k: number, seed: number): number => mix32(k + Math.imul(seed, 0x9e3779b1));

export const uniform =
  (count: number, seed: number): PickMerchant =>
  (k) =>
    drawOf(k, seed) % count;

/** Relative weights 1 / i^s of merchants 1 to `count`. */
const weightsOf = (count: number, exponent: number): readonly number[] =>
  Array.from({ length: count }, (_, i) => (i + 1) ** -exponent);
const sumOf = (weights: readonly number[]): number => weights.reduce((sum, weight) => sum + weight, 0);

const EXPONENT_MAX = 64;

/**
 * The exponent with which the first of `count` merchants has `firstShare` of the load. Throws when no Zipf law gives that:
 * a share of 1 or more, or one below that of equals.
 */
export function zipfExponent(count: number, firstShare: number): number {
  if (!(firstShare < 1 && firstShare * count >= 1 - 1e-9))
    throw new Error(`no Zipf law gives the first of ${count} merchants ${firstShare * 100} % of the load`);
  let [low, high] = [0, EXPONENT_MAX];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (1 / sumOf(weightsOf(count, middle)) < firstShare) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** See MerchantSpread. Throws as `zipfExponent` does. */
export function zipf(count: number, firstShare: number, seed: number): PickMerchant {
  const weights = weightsOf(count, zipfExponent(count, firstShare));
  const total = sumOf(weights);
  /** Draws below ends[i], and not below the end before it, are merchant i's. */
  const ends = new Float64Array(count);
  let sum = 0;
  weights.forEach((weight, i) => {
    sum += weight;
    ends[i] = (sum / total) * 2 ** 32;
  });
  return (k) => {
    const draw = drawOf(k, seed);
    let [low, high] = [0, count - 1]; // the last one takes what rounding left over
    while (low < high) {
      const middle = (low + high) >> 1;
      if (draw < (ends[middle] as number)) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

export const pickerOf = (spread: MerchantSpread, count: number, seed: number): PickMerchant =>
  spread.kind === "uniform" ? uniform(count, seed) : zipf(count, spread.firstShare, seed);
