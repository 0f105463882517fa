/** How long work takes on a machine that may stand still now and then. */

const TRIES = 5;

/** The shortest of some runs, in milliseconds: a stall lengthens one of them, slow work lengthens all. */
export function quickestMs(work: () => unknown): number {
  const took = Array.from({ length: TRIES }, () => {
    const startedMs = performance.now();
    work();
    return performance.now() - startedMs;
  });
  return Math.min(...took);
}
