/** Looks up operations by their ids alone, as a gateway names them. */
import type { QueryResultRow } from "pg";
import { bytesOfId } from "../actors/domain/index.ts";
import type { OperationId } from "../actors/domain/index.ts";
import type { Log, OperationView } from "../actors/index.ts";
import { column, columnArray } from "./binary-arrays.ts";
import type { ReadConnection } from "./read-connection.ts";
import { IS_LATER, OWN_COLUMNS, OWN_SUBMITTING_ROW, PAYMENT_COLUMNS, PAYMENT_JOINS } from "./read-model.ts";
import { ownOperationOf, paymentOf } from "./read-model.ts";
import type { OwnOperationRow, PaymentRow } from "./read-model.ts";
import { readEach } from "./readable-payments.ts";

/** The newest row of an authorize or sale, by its payment. */
const newestOfFirst = (paymentId: string): string => `
  SELECT * FROM journal
   WHERE payment_id = ${paymentId} AND operation_id = k.operation_id AND NOT ${IS_LATER}
   ORDER BY version DESC LIMIT 1`;

/**
 * A later operation has an index; a first one bears its payment's uuid. Those of earlier releases did not: they are found
 * once they booked something.
 */
export const FIND_OPERATIONS = `
SELECT k.ordinal, ${PAYMENT_COLUMNS}, ${OWN_COLUMNS}
  FROM unnest($1::uuid[]) WITH ORDINALITY AS k(operation_id, ordinal)
 CROSS JOIN LATERAL (
   (SELECT * FROM journal WHERE ${IS_LATER} AND operation_id = k.operation_id ORDER BY version DESC LIMIT 1)
   UNION ALL
   (${newestOfFirst("k.operation_id")})
   UNION ALL
   (SELECT first.* FROM (SELECT payment_id FROM ledger_entry WHERE operation_id = k.operation_id LIMIT 1) e
     CROSS JOIN LATERAL (${newestOfFirst("e.payment_id")}) first)
   LIMIT 1) n ${OWN_SUBMITTING_ROW}
  JOIN payment p ON p.merchant_id = n.merchant_id AND p.id = n.payment_id ${PAYMENT_JOINS}`;

type OperationHit = PaymentRow & OwnOperationRow & QueryResultRow & { readonly ordinal: bigint };
const OPERATION_ID = column<OperationId, "uuid">("operation_id", "uuid", (id) => bytesOfId(id));

const viewOf = (row: OperationHit): OperationView => ({
  payment: paymentOf(row),
  operation: ownOperationOf(row),
  updatedAtMs: row.own_updated_ms,
});

/** As ShardStore.findOperations. */
export async function findOperations(
  connection: ReadConnection,
  ids: readonly OperationId[],
  log: Log,
): Promise<readonly (OperationView | null | undefined)[]> {
  if (ids.length === 0) return [];
  const hits = await connection.read<OperationHit>("find_operations", FIND_OPERATIONS, (s) => [
    columnArray(OPERATION_ID, ids, s),
  ]);
  const found: (OperationView | null | undefined)[] = ids.map(() => undefined);
  const views = readEach(hits, viewOf, log, (row) => row.own_operation_id);
  for (const [i, hit] of hits.entries()) found[Number(hit.ordinal) - 1] = views[i];
  return found;
}
