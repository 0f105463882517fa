/** What an actor hands to its database to be written, and how that ended. Times: Unix milliseconds unless said. */
import type {
  CancelRequest,
  Dispute,
  FactKind,
  Failure,
  MerchantId,
  OperationId,
  Payment,
  PaymentId,
  PaymentStatus,
  PendingReason,
  Posting,
} from "../domain/index.ts";
import type { SideRows } from "./inbox.ts";

/** An idempotency key in its scope. */
export interface MerchantKey {
  readonly merchantId: MerchantId;
  readonly key: string;
}

/** The idempotency row of one accepted request. */
export interface KeyRow extends MerchantKey {
  readonly route: string;
  /** SHA-256 of the canonical body, 32 bytes. */
  readonly fingerprint: Uint8Array;
  readonly paymentId: PaymentId;
  readonly operationId: OperationId;
}

/** The final answer to a key: bytes that are never made again (faults.md P28). */
export interface StoredReply {
  readonly status: number;
  readonly body: Uint8Array;
}

/** What a journal row's `data` may say beside the columns; all of it optional. Written by `pending.ts`, read by `storage/`. */
export interface SideFacts {
  /** Why the payment failed. */
  readonly failure?: Failure;
  /** Why the row's operation failed, unless that is why the payment failed. */
  readonly operationFailure?: Failure;
  readonly pendingReason?: PendingReason;
  readonly needsReview?: true;
  /** The gateway's own name for the row's operation. */
  readonly reference?: string;
  /** The cancel that waits for the end of what runs. Times: Unix milliseconds. */
  readonly cancel?: CancelRequest;
  /** In the rows of an operation after the first: what its request brought. */
  readonly note?: string;
  readonly key?: string;
  /** The newest dispute of the payment. */
  readonly dispute?: Dispute;
}

/** One row of the journal before it has a seq; `hash` chains it to the payment's row before it. */
export interface JournalEntry {
  readonly fact: FactKind;
  readonly fromStatus: PaymentStatus;
  /**
   * Why: `request:<id>` for T1; `resolver` for what a check found or decided, time-outs included; `gateway` for answers to
   * the calls that T1 led to; `webhook` for what a notice told; `compensation` for what nobody asked for.
   */
  readonly cause: string;
  readonly recordedAtMs: number;
  /** Facts beside the columns, compact JSON, or null: see SideFacts. */
  readonly data: string | null;
  readonly hash: Uint8Array;
  readonly reply: StoredReply | null;
}

/**
 * One decided transition of one payment, to be written whole or not at all. `payment` is the state after it.
 * `accepted` is set for the first T1 of a payment: then its terms are inserted too. `keyRow`: for the T1 of a request.
 */
export interface Decision {
  readonly payment: Payment;
  readonly entry: JournalEntry;
  readonly postings: readonly Posting[];
  readonly accepted: { readonly sealed: Uint8Array } | null;
  readonly keyRow: KeyRow | null;
  /** What stands beside the journal because of it; null: nothing. */
  readonly side: SideRows | null;
}

/** A batch in journal order. Row i gets seq `firstSeq + i`. */
export interface DecisionBatch {
  readonly firstSeq: bigint;
  readonly previousAnchor: Uint8Array;
  readonly decisions: readonly Decision[];
  /** Every operation whose T1 has a smaller seq is closed or stands in `operation_open`: activation reads from here. */
  readonly openFloorSeq: bigint;
}

/** How a commit ended. Only `committed` and `unknown` may have changed anything. */
export type CommitOutcome =
  | { readonly kind: "committed"; readonly anchor: Uint8Array }
  /** A row was refused (constraint, value): nothing was written; a smaller batch may pass. The database is well. */
  | { readonly kind: "rejected"; readonly sqlState: string; readonly constraint: string | null }
  /** Epoch or slots_version is not ours: stop. Nothing was written. */
  | { readonly kind: "fenced" }
  /** Nothing was written and the reason is not in the rows: no connection, disk full, time-out, deadlock. */
  | { readonly kind: "unavailable"; readonly reason: string }
  /** The connection died, or the journal is not where we believe: undecided until an `activate` is acknowledged. */
  | { readonly kind: "unknown" };

/** An operation in doubt: its row in the small mutable table. */
export interface DoubtRow {
  readonly paymentId: PaymentId;
  readonly operationId: OperationId;
  readonly slot: number;
  readonly tries: number;
  readonly nextCheckAtMs: number;
  readonly deadlineAtMs: number;
}
