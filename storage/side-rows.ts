/**
 * Rows beside the journal as the database must have them after a batch: one per key, as if they had been written one by
 * one, for a statement may change a row only once. Pure; the memory store and the statements go by the same rules.
 */
import type { Finding, NoticeKey, NoticeRow, SideRows } from "../actors/index.ts";

export type Resolution = SideRows["resolved"][number];

/** A finding, and what has answered it since. */
export interface FindingRow {
  readonly finding: Finding;
  readonly resolved: Resolution | null;
}

/** At most one row for each key. */
export interface MergedSide {
  /** For keys that are not stored. */
  readonly notices: readonly NoticeRow[];
  /** For keys that are stored with the same content: one row for each content of a key. */
  readonly decided: readonly NoticeRow[];
  /** For keys that are not stored. */
  readonly findings: readonly FindingRow[];
  /** For keys that are stored. */
  readonly resolved: readonly Resolution[];
}

/** Names a row of the inbox in a map. */
export const placeOf = ({ gateway, dedupeKey }: NoticeKey): string => `${gateway}\n${dedupeKey}`;

/**
 * The row of the inbox once `next` was written over it. What was processed stays so, and the first content stays with
 * what was decided about it: the same key with another body is told apart by who reads the row (gateways.md §2.3). Of the
 * same content it may have been learned since whose it is.
 */
export function noticeAfter(stored: NoticeRow | undefined, next: NoticeRow): NoticeRow {
  if (stored === undefined) return next;
  if (stored.state === "processed" || stored.notice.bodyHash !== next.notice.bodyHash) return stored;
  return { ...next, receivedAtMs: stored.receivedAtMs };
}

/** What to write for all of these, in their order. */
export function mergeSides(sides: readonly SideRows[]): MergedSide {
  const notices = new Map<string, NoticeRow>();
  const decided = new Map<string, NoticeRow>();
  const findings = new Map<string, FindingRow>();
  const resolved = new Map<string, Resolution>();
  for (const side of sides) {
    for (const row of side.notices) {
      const place = placeOf(row.notice);
      notices.set(place, noticeAfter(notices.get(place), row));
      const content = `${place}\n${row.notice.bodyHash}`; // the one that is stored may be another one than the first here
      decided.set(content, noticeAfter(decided.get(content), row));
    }
    for (const finding of side.findings)
      if (!findings.has(finding.dedupeKey)) findings.set(finding.dedupeKey, { finding, resolved: null });
    for (const resolution of side.resolved) {
      const { dedupeKey } = resolution;
      if (!resolved.has(dedupeKey)) resolved.set(dedupeKey, resolution);
      const found = findings.get(dedupeKey);
      if (found?.resolved === null) findings.set(dedupeKey, { ...found, resolved: resolution });
    }
  }
  return {
    notices: [...notices.values()],
    decided: [...decided.values()],
    findings: [...findings.values()],
    resolved: [...resolved.values()],
  };
}

/** Nothing to write. */
export const isEmpty = ({ notices, findings, resolved }: SideRows): boolean =>
  notices.length === 0 && findings.length === 0 && resolved.length === 0;
