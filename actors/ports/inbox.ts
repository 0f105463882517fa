/** The inbox of a shard: what became of each notice, and what it found. Times: Unix milliseconds. */
import type { GatewayName, OperationId, PaymentId } from "../domain/index.ts";
import type { GatewayNotice } from "./notices.ts";

/**
 * `received`: on disk, not decided yet; its effect comes in a later commit, which says `processed`. `parked`: its payment
 * is unknown, or the machine forbids what it claims. `spooled`: a receipt for another shard, which is to have it.
 */
export const NOTICE_STATES = ["received", "processed", "parked", "spooled", "quarantined"] as const;
export type NoticeState = (typeof NOTICE_STATES)[number];

/** What was decided: stable words, for people and counters. */
export const NOTICE_VERDICTS = [
  "applied",
  "no_change",
  "confirming",
  "operation_busy",
  "unknown_payment",
  "forbidden",
  "conflicted",
  "not_ours",
  "unknown_type",
  "forwarded",
  "for_another_shard",
  "other_content",
] as const;
export type NoticeVerdict = (typeof NOTICE_VERDICTS)[number];

/** A row of the inbox: as it is to be, by (gateway, dedupeKey). */
export interface NoticeRow {
  readonly notice: GatewayNotice;
  readonly state: NoticeState;
  readonly verdict: NoticeVerdict;
  readonly slot: number;
  /** As far as it is known. */
  readonly paymentId: PaymentId | null;
  readonly receivedAtMs: number;
  readonly tries: number;
  /** When it is decided anew; null: it is done with, or given up. */
  readonly nextTryAtMs: number | null;
}

/** The classes of differences that a shard finds by itself (gateways.md §6). */
export const FINDING_CLASSES = ["D01", "D02", "D03", "D04", "D05", "D06", "D07", "D08", "D10", "D19", "D21"] as const;
export type FindingClass = (typeof FINDING_CLASSES)[number];

/** A difference between our books and a gateway's. Found again it changes nothing: `dedupeKey` is unique in the shard. */
export interface Finding {
  readonly class: FindingClass;
  readonly slot: number;
  readonly paymentId: PaymentId | null;
  readonly operationId: OperationId | null;
  readonly dedupeKey: string;
  readonly expected: string;
  readonly observed: string;
  readonly evidence: string;
  readonly suggestedAction: string;
  readonly firstSeenAtMs: number;
}

/** Rows that stand beside the journal. */
export interface SideRows {
  readonly notices: readonly NoticeRow[];
  readonly findings: readonly Finding[];
  /** Findings that the newest fact answers, by their keys: open ones are resolved. */
  readonly resolved: readonly { readonly dedupeKey: string; readonly by: string; readonly atMs: number }[];
}

export const NO_SIDE_ROWS: SideRows = { notices: [], findings: [], resolved: [] };

/** Names a row of the inbox. */
export interface NoticeKey {
  readonly gateway: GatewayName;
  readonly dedupeKey: string;
}
