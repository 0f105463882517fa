/** A decision on its way to disk: what it says, and who is told how it ended. */
import { hashRow, type Payment, type Transition } from "./domain/index.ts";
import type { Decision, KeyRow, SideFacts, StoredReply } from "./ports/decisions.ts";
import { NO_SIDE_ROWS, type SideRows } from "./ports/inbox.ts";

/** How a decision ended. `unsettled`: its COMMIT's fate is unknown; `unavailable`, `rejected`: nothing was written. */
export type Settlement = "committed" | "rejected" | "unavailable" | "unsettled";

/** A decision that waits to be written. */
export interface Pending {
  readonly transition: Transition;
  readonly cause: string;
  readonly data: string | null;
  /** Renders the final answer of the operation as it is written: with the time of its row. */
  readonly reply: ((payment: Payment) => StoredReply) | null;
  /** A request's T1 may be refused and is then forgotten; everything else is tried until it is in. */
  readonly isIntent: boolean;
  readonly accepted: Decision["accepted"];
  readonly keyRow: KeyRow | null;
  /** Rows beside the journal that stand or fall with it. */
  readonly side?: SideRows;
  /** Monotonic milliseconds. */
  readonly enqueuedAtMs: number;
  settle(how: Settlement, payment: Payment, seq: bigint, constraint: string | null): void;
}

/** A decision in the batch that is being written. */
export interface Row {
  readonly pending: Pending;
  readonly decision: Decision;
}

/** Tells that a decision was not acknowledged. */
export function settleUnwritten(
  pending: Pending,
  how: Exclude<Settlement, "committed">,
  constraint: string | null = null,
): void {
  pending.settle(how, pending.transition.payment, 0n, constraint);
}

/**
 * Gives a decision its time and its link in the payment's chain. Memory, the stored answer and the journal thus bear one
 * time, however long the decision has waited.
 */
export function rowOf(pending: Pending, recordedAtMs: number): Row {
  const { transition, cause, data, accepted, keyRow } = pending;
  const payment = { ...transition.payment, updatedAtMs: recordedAtMs };
  const reply = pending.reply === null ? null : pending.reply(payment);
  const hash = hashRow(transition, { cause, recordedAtMs, data, reply });
  payment.chainHead = hash; // the one before it was hashed; nobody else has this payment yet
  const decision = {
    payment,
    entry: { fact: transition.fact, fromStatus: transition.fromStatus, cause, recordedAtMs, data, hash, reply },
    postings: transition.postings,
    accepted,
    keyRow,
    side: pending.side === undefined || pending.side === NO_SIDE_ROWS ? null : pending.side,
  };
  return { pending, decision };
}

/** What the journal row says beside its columns: compact, and only what is set. `key`: of the request, unless it is the payment's. */
export function sideFactsOf(payment: Payment, key: string | null = null): string | null {
  const { failure, cancel, dispute, operation } = payment;
  const { pendingReason, needsReview, reference, note } = operation;
  const ofOperation = operation.failure !== null && operation.failure !== failure ? operation.failure : null;
  const facts: SideFacts = {
    ...(failure !== null && { failure }),
    ...(ofOperation !== null && { operationFailure: ofOperation }),
    ...(pendingReason !== null && { pendingReason }),
    ...(needsReview && { needsReview }),
    ...(reference !== null && { reference }),
    ...(cancel !== null && { cancel }),
    ...(dispute !== null && { dispute }),
    ...(key !== null && { key }),
    ...(key !== null && note !== null && { note }),
  };
  for (const _ in facts) return JSON.stringify(facts);
  return null;
}
