/** One page of what a query found: it asks for one more than fits, to learn whether there is more. */
import type { Found, Log } from "../actors/index.ts";
import type { ReadConnection } from "./read-connection.ts";

/** What a merchant's query is read with. */
export interface ReadSource {
  readonly connection: ReadConnection;
  readonly shard: number;
  readonly log: Log;
}

/** The first `limit` of `found`; `cursorOf` the last of them leads to the next page, if there is one. */
export function pageOf<Item, Cursor>(
  found: readonly Item[],
  limit: number,
  cursorOf: (last: Item) => Cursor,
): Found<Item, Cursor> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const hasMore = found.length > limit;
  return { items, hasMore, next: hasMore && last !== undefined ? cursorOf(last) : null };
}
