/**
 * Payments of rows that this release may not understand: a newer one wrote them, or somebody by hand (faults.md P29).
 * A payment that cannot be read is never left out: its key would seem new, its operation finished, itself unknown.
 */
import { idFromBytes } from "../actors/domain/index.ts";
import type { Payment } from "../actors/domain/index.ts";
import { PaymentClusterError } from "../actors/index.ts";
import type { FaultCode, Log } from "../actors/index.ts";
import { paymentOf } from "./read-model.ts";
import type { PaymentRow } from "./read-model.ts";

/**
 * What `read` makes of each row, in the order of the rows; null for one that cannot be read. The log names each of
 * these. `operationOf`: the operation that the row is looked up for.
 */
export function readEach<Row extends PaymentRow, T>(
  rows: readonly Row[],
  read: (row: Row) => T,
  log: Log,
  operationOf: (row: Row) => Buffer = (row) => row.operation_id,
): readonly (T | null)[] {
  return rows.map((row) => {
    try {
      return read(row);
    } catch (error) {
      log.error(
        {
          payment: idFromBytes("pay", row.id),
          operation: idFromBytes("op", operationOf(row)),
          version: row.version,
          reason: reasonOf(error),
        },
        "a stored payment cannot be read by this release",
      );
      return null;
    }
  });
}

/** As readEach, for those who have no word for one of many: throws `fault` when one cannot be read. */
export function readAll<Row extends PaymentRow, T>(
  rows: readonly Row[],
  read: (row: Row) => T,
  fault: FaultCode,
  log: Log,
  operationOf?: (row: Row) => Buffer,
): readonly T[] {
  const found = readEach(rows, read, log, operationOf).filter((one) => one !== null);
  const unread = rows.length - found.length;
  if (unread > 0) throw new PaymentClusterError(fault, `${unread} stored payments cannot be read by this release`);
  return found;
}

/** All payments; null for one that cannot be read. */
export const readEachPayment = (rows: readonly PaymentRow[], log: Log): readonly (Payment | null)[] =>
  readEach(rows, paymentOf, log);

/** A parser's message quotes the text, and a row's text belongs in no log. */
const reasonOf = (error: unknown): string =>
  error instanceof Error && !(error instanceof SyntaxError) ? error.message : "its data is not JSON";
