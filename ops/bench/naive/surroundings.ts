/** Time, chance and a silent log for the naive service. */
import { randomBytes } from "node:crypto";
import type { Clock, Log, Random } from "../../../actors/index.ts";

export const clock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, task) => {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};

export const random: Random = {
  bytes: (count) => randomBytes(count),
  fraction: () => Math.random(),
};

const print = (fields: Readonly<Record<string, unknown>>, message: string): void =>
  console.error(JSON.stringify({ ...fields, message }));
export const log: Log = { info: () => undefined, warn: print, error: print };
