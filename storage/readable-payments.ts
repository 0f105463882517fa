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

/** All payments, in the order of the rows; null for one that cannot be read. The log names each of these. */
export function readEachPayment(rows: readonly PaymentRow[], log: Log): readonly (Payment | null)[] {
  return rows.map((row) => {
    try {
      return paymentOf(row);
    } catch (error) {
      log.error(
        {
          payment: idFromBytes("pay", row.id),
          operation: idFromBytes("op", row.operation_id),
          version: row.version,
          reason: reasonOf(error),
        },
        "a stored payment cannot be read by this release",
      );
      return null;
    }
  });
}

/** As readEachPayment, for those who have no word for one of many: throws `fault` when one cannot be read. */
export function readPayments(rows: readonly PaymentRow[], fault: FaultCode, log: Log): readonly Payment[] {
  const payments = readEachPayment(rows, log).filter((payment) => payment !== null);
  const unread = rows.length - payments.length;
  if (unread > 0) throw new PaymentClusterError(fault, `${unread} stored payments cannot be read by this release`);
  return payments;
}

/** A parser's message quotes the text, and a row's text belongs in no log. */
const reasonOf = (error: unknown): string =>
  error instanceof Error && !(error instanceof SyntaxError) ? error.message : "its data is not JSON";
