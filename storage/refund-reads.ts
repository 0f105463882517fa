/** A merchant's refunds, each as its own newest row says, with its payment as of the payment's. */
import type { QueryResultRow } from "pg";
import { bytesOfId, operationIdOf } from "../actors/domain/index.ts";
import type { MerchantId } from "../actors/domain/index.ts";
import type { Found, OperationView, ReadQuery, RefundsCursor } from "../actors/index.ts";
import { type ReadSource, pageOf } from "./pages.ts";
import { IS_REFUND, OWN_COLUMNS, PAYMENT_COLUMNS, PAYMENT_JOINS, ownOperationOf, paymentOf } from "./read-model.ts";
import type { OwnOperationRow, PaymentRow } from "./read-model.ts";
import { readAll } from "./readable-payments.ts";

type RefundQuery = Extract<ReadQuery, { readonly name: "refund" }>;
type RefundsQuery = Extract<ReadQuery, { readonly name: "refunds" }>;

/** Joins the row `t` that submits a refund to the refund's newest row `n`. */
const NEWEST_OF_REFUND = `
  CROSS JOIN LATERAL (SELECT * FROM journal WHERE ${IS_REFUND} AND operation_id = t.operation_id
                       ORDER BY version DESC LIMIT 1) n`;

export const FIND_REFUND = `
SELECT ${PAYMENT_COLUMNS}, ${OWN_COLUMNS}
  FROM journal t ${NEWEST_OF_REFUND}
  JOIN payment p ON p.merchant_id = $1::uuid AND p.id = t.payment_id ${PAYMENT_JOINS}
 WHERE t.${IS_REFUND} AND t.operation_id = $2::uuid AND t.gateway_key IS NOT NULL`;

/** One row without a refund when the payment has none (left). */
export const LIST_REFUNDS = `
SELECT ${PAYMENT_COLUMNS}, refund.*
  FROM payment p ${PAYMENT_JOINS}
  LEFT JOIN LATERAL (
    SELECT ${OWN_COLUMNS}, t.version AS own_version
      FROM journal t ${NEWEST_OF_REFUND}
     WHERE t.payment_id = p.id AND t.${IS_REFUND} AND t.gateway_key IS NOT NULL
       AND t.version > CASE WHEN $3::uuid IS NULL THEN 0 ELSE (
             SELECT version FROM journal WHERE ${IS_REFUND} AND operation_id = $3::uuid AND gateway_key IS NOT NULL) END
     ORDER BY t.version LIMIT $4::int4 + 1) refund ON true
 WHERE p.merchant_id = $1::uuid AND p.id = $2::uuid
 ORDER BY refund.own_version`;

type RefundRow = PaymentRow & OwnOperationRow & QueryResultRow;

const viewOf = (row: RefundRow): OperationView => ({
  payment: paymentOf(row),
  operation: ownOperationOf(row),
  updatedAtMs: row.own_updated_ms,
});
const viewsOf = (rows: readonly RefundRow[], { log }: ReadSource): readonly OperationView[] =>
  readAll(rows, viewOf, "STORAGE_UNAVAILABLE", log, (row) => row.own_operation_id);

/** The refund, or undefined: unknown, or another merchant's. */
export async function findRefund(
  source: ReadSource,
  merchant: MerchantId,
  { id }: RefundQuery,
): Promise<OperationView | undefined> {
  const rows = await source.connection.read<RefundRow>("find_refund", FIND_REFUND, () => [
    bytesOfId(merchant),
    bytesOfId(operationIdOf(id)),
  ]);
  return viewsOf(rows, source)[0];
}

/** A page of a payment's refunds; undefined: the payment is unknown, or another merchant's. */
export async function listRefunds(
  source: ReadSource,
  merchant: MerchantId,
  { paymentId, page }: RefundsQuery,
): Promise<Found<OperationView, RefundsCursor> | undefined> {
  const rows = await source.connection.read<RefundRow>("list_refunds", LIST_REFUNDS, () => [
    bytesOfId(merchant),
    bytesOfId(paymentId),
    page.after === null ? null : bytesOfId(page.after.id),
    page.limit,
  ]);
  if (rows.length === 0) return undefined;
  const refunds = rows.filter((row) => (row.own_operation_id as Buffer | null) !== null);
  return pageOf(viewsOf(refunds, source), page.limit, ({ operation }) => ({ id: operation.id }));
}
