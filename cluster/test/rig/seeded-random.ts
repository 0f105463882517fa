/** Chance that can be repeated: a run prints its seed, and CHAOS_SEED runs it again. */
export interface SeededRandom {
  readonly seed: number;
  /** Uniform in [0, 1). */
  next(): number;
}

/** The mulberry32 generator; `seed` from CHAOS_SEED or the time. */
export function seededRandom(seed = Number(process.env["CHAOS_SEED"] ?? Date.now() % 2 ** 31)): SeededRandom {
  let state = seed >>> 0;
  return {
    seed,
    next: () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    },
  };
}
