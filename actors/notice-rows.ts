/** Rows of the inbox as they change: one place for what each state carries. Times: Unix milliseconds. */
import type { PaymentId } from "./domain/index.ts";
import type { NoticeRow, NoticeVerdict } from "./ports/inbox.ts";
import type { GatewayNotice } from "./ports/notices.ts";

/** Waits between two tries to decide a row that cannot be decided yet; afterwards the last one again. */
const RETRY_MS: readonly number[] = [1_000, 2_000, 5_000, 10_000, 30_000, 60_000];
/** As above, of a row that people know of. */
const PARKED_RETRY_MS: readonly number[] = [...RETRY_MS, 300_000, 1_800_000];
/** What is unknown is tried for a day (gateways.md §2.3). */
const GIVE_UP_MS = 86_400_000;

/** A notice as it came in. */
export const newRow = (notice: GatewayNotice, slot: number, paymentId: PaymentId | null, nowMs: number): NoticeRow => ({
  notice,
  state: "received",
  verdict: "confirming",
  slot,
  paymentId,
  receivedAtMs: nowMs,
  tries: 0,
  nextTryAtMs: null,
});

/** It is done with, and was so by a fact. */
export const processed = (row: NoticeRow): NoticeRow => ({
  ...row,
  state: "processed",
  verdict: "applied",
  nextTryAtMs: null,
});

/** It is done with: nothing follows, or nothing more. */
export const closed = (row: NoticeRow, verdict: NoticeVerdict): NoticeRow => ({
  ...row,
  state: verdict === "not_ours" ? "quarantined" : "processed",
  verdict,
  nextTryAtMs: null,
});

/** It is decided anew after a while, which grows. */
export const waiting = (row: NoticeRow, verdict: NoticeVerdict, nowMs: number): NoticeRow => ({
  ...row,
  state: "received",
  verdict,
  tries: row.tries + 1,
  nextTryAtMs: nowMs + retryAfterMs(row.tries),
});

/** For people; tried again for a day when `again`, for what it speaks of may turn up. */
export function parked(row: NoticeRow, verdict: NoticeVerdict, nowMs: number, again: boolean): NoticeRow {
  const late = nowMs - row.receivedAtMs >= GIVE_UP_MS;
  return {
    ...row,
    state: "parked",
    verdict,
    tries: row.tries + 1,
    nextTryAtMs: again && !late ? nowMs + retryAfterMs(row.tries, PARKED_RETRY_MS) : null,
  };
}

/**
 * A receipt has a name of its own: the shard that keeps it may turn out to be the one that the notice is for, and then has
 * both rows. No dedupe key of a gateway begins so.
 */
const RECEIPT = "receipt>";
export const isReceipt = ({ dedupeKey }: GatewayNotice): boolean => dedupeKey.startsWith(RECEIPT);
export const receiptOf = (notice: GatewayNotice): GatewayNotice => ({
  ...notice,
  dedupeKey: `${RECEIPT}${notice.dedupeKey}`,
});
/** The notice itself, of a receipt too. */
export const contentOf = (notice: GatewayNotice): GatewayNotice =>
  isReceipt(notice) ? { ...notice, dedupeKey: notice.dedupeKey.slice(RECEIPT.length) } : notice;

/** It belongs to another shard, which is to have it. */
export const spooled = (row: NoticeRow, nowMs: number): NoticeRow => ({
  ...row,
  state: "spooled",
  verdict: "for_another_shard",
  tries: row.tries + 1,
  nextTryAtMs: nowMs + retryAfterMs(row.tries),
});

const retryAfterMs = (tries: number, waits = RETRY_MS): number => waits[Math.min(tries, waits.length - 1)] as number;
