/** Real time and real chance. Every thread of the process reads the same monotonic clock. */
import { randomFillSync } from "node:crypto";
import type { Clock, Random } from "../actors/index.ts";

/** `performance.now()` begins anew in each thread; this puts all threads on the one clock behind it. */
const THREAD_BEGAN_MS = Number(process.hrtime.bigint()) / 1e6 - performance.now();

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now() + THREAD_BEGAN_MS,
  after: (delayMs, task) => {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};

const POOL_BYTES = 8_192;

/** Cryptographic randomness, drawn in blocks: a system call per id would cost more than the id. */
export function systemRandom(): Random {
  const pool = new Uint8Array(POOL_BYTES);
  let at = POOL_BYTES;
  const bytes = (count: number): Uint8Array => {
    if (at + count > POOL_BYTES) {
      randomFillSync(pool);
      at = 0;
    }
    const drawn = pool.slice(at, at + count);
    at += count;
    return drawn;
  };
  return { bytes, fraction: () => new DataView(bytes(4).buffer).getUint32(0) / 2 ** 32 };
}
