/**
 * Latencies in log-linear buckets, like HdrHistogram: constant memory, one array increment a value, relative error
 * under 1/128. Unit: whole microseconds, up to 2^31 - 1 (about 36 minutes).
 */

/** Values below 2^SUB_BITS are exact; above, each power of two is cut into 2^(SUB_BITS - 1) buckets. */
const SUB_BITS = 8;
const BUCKET_COUNT = (32 - SUB_BITS + 2) << (SUB_BITS - 1);
const VALUE_MAX = 2 ** 31 - 1;

/** The bucket that holds `value`; buckets are ordered like the values. */
export function bucketOf(value: number): number {
  const shift = Math.max(0, 32 - SUB_BITS - Math.clz32(value));
  return (shift << (SUB_BITS - 1)) + (value >>> shift);
}

/** The largest value of a bucket: quantiles err upwards, never in our favour. */
export function bucketTop(bucket: number): number {
  const shift = Math.max(0, (bucket >>> (SUB_BITS - 1)) - 1);
  const base = bucket - (shift << (SUB_BITS - 1));
  return (base + 1) * 2 ** shift - 1;
}

/** The figures that a table shows; microseconds. All 0 when nothing was recorded. */
export interface Quantiles {
  readonly count: number;
  readonly p50Us: number;
  readonly p90Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly maxUs: number;
  readonly meanUs: number;
}

export class Histogram {
  readonly #counts = new Uint32Array(BUCKET_COUNT);
  #count = 0;
  #max = 0;
  #sum = 0;

  /** Records one value; a fraction is cut off, what is out of range becomes the nearest end. */
  record(valueUs: number): void {
    const value = valueUs > 0 ? (valueUs < VALUE_MAX ? Math.trunc(valueUs) : VALUE_MAX) : 0;
    const bucket = bucketOf(value);
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#count++;
    this.#sum += value;
    if (value > this.#max) this.#max = value;
  }

  get count(): number {
    return this.#count;
  }

  /** The smallest recorded value that at least `fraction` of all values do not exceed, at most 1/128 too high. */
  quantile(fraction: number): number {
    const wanted = Math.max(1, Math.ceil(this.#count * fraction));
    let seen = 0;
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket++) {
      seen += this.#counts[bucket] as number;
      if (seen >= wanted) return Math.min(bucketTop(bucket), this.#max);
    }
    return 0;
  }

  quantiles(): Quantiles {
    return {
      count: this.#count,
      p50Us: this.quantile(0.5),
      p90Us: this.quantile(0.9),
      p99Us: this.quantile(0.99),
      p999Us: this.quantile(0.999),
      maxUs: this.#max,
      meanUs: this.#count === 0 ? 0 : this.#sum / this.#count,
    };
  }
}
