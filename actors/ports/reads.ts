/** What a merchant may look up beside one payment, and what is found (design §3.2, §7). Times: Unix milliseconds. */
import type {
  EventId,
  FactKind,
  Operation,
  OperationId,
  Payment,
  PaymentId,
  PaymentStatus,
  RefundId,
} from "../domain/index.ts";
import type { StoredReply } from "./decisions.ts";

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

/** Null members do not filter. */
export interface PaymentsFilter {
  readonly status: PaymentStatus | null;
  readonly createdFromMs: number | null;
  readonly createdBeforeMs: number | null;
  readonly merchantReference: string | null;
}

export type ReadQuery =
  | { readonly name: "payments"; readonly filter: PaymentsFilter; readonly page: Page<PaymentsCursor> }
  | { readonly name: "refund"; readonly id: RefundId }
  | { readonly name: "refunds"; readonly paymentId: PaymentId; readonly page: Page<RefundsCursor> }
  | { readonly name: "paymentEvents"; readonly paymentId: PaymentId; readonly page: Page<EventsCursor> }
  | { readonly name: "events"; readonly page: Page<EventsCursor> }
  | { readonly name: "balances" }
  | { readonly name: "idempotencyKey"; readonly key: string };

/** One operation as its newest row says, with its payment as of the payment's newest row. */
export interface OperationView {
  readonly payment: Payment;
  readonly operation: Operation;
  /** When the operation's newest row was made. */
  readonly updatedAtMs: number;
}

/** One row of a payment's history that merchants see: the payment as it was after it. */
export interface EventView {
  readonly id: EventId;
  readonly fact: FactKind;
  /** 1 for the payment's first event, then without a gap. */
  readonly sequence: number;
  readonly payment: Payment;
  readonly recordedAtMs: number;
  /** The id of the request that caused it; null: a gateway or the resolver did. */
  readonly requestId: string | null;
  readonly idempotencyKey: string | null;
}

/** A merchant's money in one currency, minor units, exact: sums over the ledger. */
export interface Balance {
  readonly currency: string;
  /** Reserved and not captured. */
  readonly heldMinor: bigint;
  /** Captured, less what was refunded or is being refunded: owed to the merchant. */
  readonly payableMinor: bigint;
  /** Refunds that are open. */
  readonly refundingMinor: bigint;
  /** Owed to us by each gateway. */
  readonly receivableMinor: readonly { readonly gateway: string; readonly amountMinor: bigint }[];
}

export interface KeyView {
  readonly key: string;
  readonly route: string;
  readonly paymentId: PaymentId;
  readonly operationId: OperationId;
  /** Null while its operation is open. */
  readonly reply: StoredReply | null;
}

/** A page. `next`: where the next one begins; null: this was the last. */
export interface Found<Item, Cursor> {
  readonly items: readonly Item[];
  readonly hasMore: boolean;
  readonly next: Cursor | null;
}

/** What a query found. Of events `next` is where the asker stands now, on an empty page too: who keeps it learns later what came since. */
export type ReadResult =
  | { readonly name: "payments"; readonly filter: PaymentsFilter; readonly found: Found<Payment, PaymentsCursor> }
  | { readonly name: "refund"; readonly found: OperationView }
  | { readonly name: "refunds"; readonly paymentId: PaymentId; readonly found: Found<OperationView, RefundsCursor> }
  | { readonly name: "paymentEvents"; readonly paymentId: PaymentId; readonly found: Found<EventView, EventsCursor> }
  | { readonly name: "events"; readonly found: Found<EventView, EventsCursor> }
  | { readonly name: "balances"; readonly found: readonly Balance[] }
  | { readonly name: "idempotencyKey"; readonly found: KeyView };
