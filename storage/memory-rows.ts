/** Rows of the memory store's journal, and what they say of payments and operations. */
import type { OperationId, Payment, PaymentId } from "../actors/domain/index.ts";
import type { Decision, StoredReply } from "../actors/index.ts";

export interface StoredRow {
  readonly seq: bigint;
  readonly decision: Decision;
}

/** A payment's rows, oldest first. */
export const rowsOfPayment = (rows: readonly StoredRow[], id: PaymentId): readonly StoredRow[] =>
  rows.filter(({ decision }) => decision.payment.terms.id === id);

/** An operation's rows, oldest first. */
export const rowsOfOperation = (rows: readonly StoredRow[], id: OperationId): readonly StoredRow[] =>
  rows.filter(({ decision }) => decision.payment.operation.id === id);

/** The payment after a row; the row's hash is the head of its chain, its time that of the payment. */
export const paymentAfter = ({ decision: { payment, entry } }: StoredRow): Payment => ({
  ...payment,
  chainHead: entry.hash,
  updatedAtMs: entry.recordedAtMs,
});

/** The payment after the newest of these rows. Throws when there is none. */
export function newestOf(rows: readonly StoredRow[]): Payment {
  const newest = rows.at(-1);
  if (newest === undefined) throw new Error("a payment has rows");
  return paymentAfter(newest);
}

/** The answer stored for an operation; null while it is open. */
export const replyOf = (rows: readonly StoredRow[], id: OperationId): StoredReply | null =>
  rowsOfOperation(rows, id).find(({ decision }) => decision.entry.reply !== null)?.decision.entry.reply ?? null;
