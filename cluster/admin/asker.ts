/** The one who waits for an answer: for how long still, and what of that its parts may take. */
import type { Clock } from "../../actors/index.ts";

export interface Asker {
  /** Until nobody waits any more, milliseconds; 0 or less: nobody does. */
  leftMs(): number;
}

/** Whoever would wait for ever is taken to wait for so long. */
export const ASKER_WAITS_MAX_MS = 30_000;

/** What a part of the answer may take, so that the rest of it still arrives. */
export const shareOf = (leftMs: number): number => Math.max(0, leftMs - Math.min(500, leftMs / 4));

/** What `work` brings; undefined when that takes longer than `limitMs`. It then goes on, and its failure is nobody's. */
export async function within<T>(
  work: Promise<T>,
  limitMs: number,
  clock: Pick<Clock, "after">,
): Promise<T | undefined> {
  let callOff: (() => void) | undefined;
  const late = new Promise<undefined>((resolve) => {
    callOff = clock.after(limitMs, () => resolve(undefined));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    callOff?.();
  }
}
