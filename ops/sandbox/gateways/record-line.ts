/** The file format of records: one JSON array a line. */
import { type PaymentRecord, UNTOUCHED } from "./payment-record.ts";

/** Columns of a line. Their order is the file's format: new ones stand at the end. */
const COLUMNS = [
  "at",
  "account",
  "key",
  "fingerprint",
  "answer",
  "step",
  "stepAmount",
  "stepOperation",
  "stepReference",
  "id",
  "operationId",
  "paymentId",
  "amount",
  "currency",
  "manual",
  "token",
  "state",
  "captured",
  "refunded",
  "captureOperation",
  "refunds",
  "stepRefundId",
  "refundNumber",
  "disputed",
  "cancelReason",
] as const satisfies readonly (keyof PaymentRecord)[];

/** What lines that were written before these columns existed mean. */
const MISSING: Partial<PaymentRecord> = UNTOUCHED;

/** `effect`: a line of the charge log belongs to it. */
export const formatRecord = (record: PaymentRecord, effect: boolean): string =>
  JSON.stringify([effect, ...COLUMNS.map((column) => record[column])]);

/** Reads what `formatRecord` has written. */
export function parseRecord(line: string): readonly [record: PaymentRecord, effect: boolean] {
  const [effect, ...values] = JSON.parse(line) as [boolean, ...unknown[]]; // a line that this file has written
  const entries = COLUMNS.map((column, i) => [column, values[i] ?? MISSING[column]] as const);
  return [Object.fromEntries(entries) as unknown as PaymentRecord, effect];
}
