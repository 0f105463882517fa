/** What kind of request number k is. It follows from k alone, so that a run can be said again in full. */

/**
 * Fresh: a payment with a key never used. Replay: key and body of a finished one. Conflict: its key with another body.
 * Refund: one minor unit of a payment of this run. Read: see read-mix.ts.
 */
export const KINDS = ["fresh", "replay", "conflict", "refund", "read"] as const;
export type Kind = (typeof KINDS)[number];
/** The position of each kind in KINDS. */
export const KIND = { fresh: 0, replay: 1, conflict: 2, refund: 3, read: 4 } as const satisfies Record<Kind, number>;

/** Of the POSTs, every n-th is a replay, a conflict, a refund; 0: none. */
export interface Mix {
  /** Of ten requests so many are reads, evenly spread; the others are POSTs. */
  readonly readsInTen: number;
  readonly replayEvery: number;
  readonly conflictEvery: number;
  readonly refundEvery: number;
}

export const FRESH_ONLY: Mix = { readsInTen: 0, replayEvery: 0, conflictEvery: 0, refundEvery: 0 };
/** 2 % replays and 0.2 % conflicts. */
export const STANDARD_MIX: Mix = { ...FRESH_ONLY, replayEvery: 50, conflictEvery: 500 };
/** 70 % reads; the POSTs as before, 1 % of them refunds. */
export const READS_MIX: Mix = { ...STANDARD_MIX, readsInTen: 7, refundEvery: 100 };

/** Which POST request `k` is, counted from 0; -1: it is a read. */
export function postNumber(k: number, { readsInTen }: Mix): number {
  const postsInTen = 10 - readsInTen;
  const before = Math.floor((k * postsInTen) / 10);
  return Math.floor(((k + 1) * postsInTen) / 10) > before ? before : -1;
}

/** The kind of request `k`. Where several fall on one number, a conflict comes before a replay, and that before a refund. */
export function kindOf(k: number, mix: Mix): Kind {
  const n = postNumber(k, mix);
  if (n < 0) return "read";
  if (mix.conflictEvery > 0 && n % mix.conflictEvery === mix.conflictEvery - 1) return "conflict";
  if (mix.replayEvery > 0 && n % mix.replayEvery === mix.replayEvery >> 1) return "replay";
  return mix.refundEvery > 0 && n % mix.refundEvery === (mix.refundEvery >> 1) + 3 ? "refund" : "fresh";
}

/** Whether the answer to fresh request `k` is kept for a later replay or conflict: as many as those need. */
export function isKept(k: number, mix: Mix): boolean {
  const n = postNumber(k, mix);
  if (n < 0) return false;
  return (mix.replayEvery > 0 && n % mix.replayEvery === 0) || (mix.conflictEvery > 0 && n % mix.conflictEvery === 1);
}
