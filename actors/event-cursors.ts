/** The order of places in a merchant's history. Null stands before every row. */
import type { EventsCursor } from "./ports/pages.ts";

/** In commit order. */
export function compareCursors(a: EventsCursor | null, b: EventsCursor | null): number {
  if (a === null || b === null) return (a === null ? 0 : 1) - (b === null ? 0 : 1);
  if (a.recordedAtMs !== b.recordedAtMs) return a.recordedAtMs - b.recordedAtMs;
  return a.seq < b.seq ? -1 : a.seq > b.seq ? 1 : 0;
}

/** Undefined: there is none at all. */
export function leastCursor(
  places: readonly { readonly cursor: EventsCursor | null }[],
): EventsCursor | null | undefined {
  let least: EventsCursor | null | undefined;
  for (const { cursor } of places) if (least === undefined || compareCursors(cursor, least) < 0) least = cursor;
  return least;
}
