/** Pages of what a merchant looks up, and where they begin. Times: Unix milliseconds. */
import type { EventId, OperationId, PaymentId } from "../domain/index.ts";

/** Where a page begins. `limit`: 1 to 100. `after`: null for the first page. */
export interface Page<Cursor> {
  readonly limit: number;
  readonly after: Cursor | null;
}

/**
 * Behind which payment a page goes on. Pages show the payments that the shard had accepted up to `upToSeq`, newest first:
 * whatever arrives meanwhile is on none of them, and none is on two.
 */
export interface PaymentsCursor {
  readonly id: PaymentId;
  readonly upToSeq: bigint;
}
/** Behind which refund of a payment, in the order of their submission. */
export interface RefundsCursor {
  readonly id: OperationId;
}
/** Behind which row of a payment's or of a merchant's history, in commit order. */
export interface EventsCursor {
  readonly recordedAtMs: number;
  readonly seq: bigint;
}

/** Behind which delivery of an endpoint, newest event first. */
export interface DeliveriesCursor {
  readonly createdAtMs: number;
  readonly eventId: EventId;
}

/** A page. `next`: where the next one begins; null: this was the last. */
export interface Found<Item, Cursor> {
  readonly items: readonly Item[];
  readonly hasMore: boolean;
  readonly next: Cursor | null;
}
