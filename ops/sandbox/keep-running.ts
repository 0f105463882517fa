/** Starts a part again when it ends by itself, and gives up when it does so again and again. */
import { setTimeout as sleep } from "node:timers/promises";
import { describeLog, type Part } from "./part.ts";

/** Wait before the first, second, … start within a minute; one more end than these, and it is given up. */
const BACK_OFF_MS = [100, 500, 1_000, 2_000, 4_000];
const WINDOW_MS = 60_000;

/**
 * Starts a part again each time that it ends, until `stopping` aborts. `onRestarted` runs when it answers again.
 * Throws when it ended by itself more than five times within a minute. Kills from outside do not count: they say
 * nothing about the part, and whoever tests the cluster kills often.
 */
export async function keepRunning(
  part: Part,
  stopping: AbortSignal,
  say: (line: string) => void,
  onRestarted: () => Promise<void>,
): Promise<void> {
  let ends: number[] = [];
  let end = await part.ended();
  while (!stopping.aborted) {
    const nowMs = performance.now();
    ends = [...ends.filter((endMs) => nowMs - endMs < WINDOW_MS), ...(end.killed ? [] : [nowMs])];
    const waitMs = end.killed ? 0 : BACK_OFF_MS[ends.length - 1];
    if (waitMs === undefined)
      throw new Error(`${part.name} ended ${ends.length} times within a minute${describeLog(part.logFile)}`);
    const count = end.killed ? "" : ` (${ends.length} of ${BACK_OFF_MS.length} in a minute)`;
    say(`${part.name} ended: ${end.words}; starting it again${count}`);
    await sleep(waitMs, undefined, { signal: stopping }).catch(() => undefined);
    if (stopping.aborted) return;
    try {
      await part.start();
      if (!stopping.aborted) await onRestarted();
      end = await part.ended();
    } catch (error) {
      await part.stop();
      end = { words: (error as Error).message, killed: false };
    }
  }
}
