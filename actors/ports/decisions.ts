/** What an actor hands to its database to be written, and how that ended. Times: Unix milliseconds unless said. */
import type { FactKind, MerchantId, OperationId, Payment, PaymentId, PaymentStatus, Posting } from "../domain/index.ts";

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

/** One row of the journal before it has a seq; `hash` chains it to the payment's row before it. */
export interface JournalEntry {
  readonly fact: FactKind;
  readonly fromStatus: PaymentStatus;
  /**
   * Why: `request:<id>` for T1; `resolver` for what a check found or decided, time-outs included; `gateway` for answers to
   * the calls that T1 led to.
   */
  readonly cause: string;
  readonly recordedAtMs: number;
  /** Facts beside the columns, compact JSON, or null: failure, pending reason, review mark. */
  readonly data: string | null;
  readonly hash: Uint8Array;
  readonly reply: StoredReply | null;
}

/**
 * One decided transition of one payment, to be written whole or not at all. `payment` is the state after it.
 * `accepted` is set for T1 only: then the payment's terms and the key row are inserted too.
 */
export interface Decision {
  readonly payment: Payment;
  readonly entry: JournalEntry;
  readonly postings: readonly Posting[];
  readonly accepted: { readonly keyRow: KeyRow; readonly sealed: Uint8Array } | null;
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
