/** Finds the operations that may still move money, reading the journal only from the floor on. */
import type { QueryResultRow } from "pg";
import { bytesOfId, idFromBytes } from "../actors/domain/index.ts";
import type { MerchantId, OperationId } from "../actors/domain/index.ts";
import { PaymentClusterError } from "../actors/index.ts";
import type { Log, OpenOperation } from "../actors/index.ts";
import { Scratch, column, columnArray } from "./binary-arrays.ts";
import { OPERATION_STATE } from "./codes.ts";
import type { Connection } from "./connection.ts";
import {
  IS_LATER,
  OWN_COLUMNS,
  OWN_SUBMITTING_ROW,
  PAYMENT_COLUMNS,
  PAYMENT_JOINS,
  ownOperationOf,
  parseSideFacts,
  paymentOf,
  rowOfOperation,
} from "./read-model.ts";
import type { OwnOperationRow, PaymentRow } from "./read-model.ts";
import { readAll } from "./readable-payments.ts";

type OpenRow = PaymentRow &
  OwnOperationRow &
  QueryResultRow & {
    readonly sealed: Buffer;
    /** Of the request that created the payment. */
    readonly idempotency_key: string;
    /** The operation is the payment's first. */
    readonly first: boolean;
    readonly t1_seq: bigint;
    readonly tries: number | null;
    readonly noted: boolean;
  };

const OPEN_STATES = ["submitted", "unknown"] as const;

/** Some row of the operation that a row of `operation_open` names: of what kind it is says which index finds the others. */
const ANY_ROW = `
  (SELECT merchant_id, payment_id, operation_id, operation_kind FROM journal
    WHERE ${IS_LATER} AND operation_id = o.operation_id LIMIT 1)
  UNION ALL
  (SELECT merchant_id, payment_id, operation_id, operation_kind FROM journal
    WHERE payment_id = o.payment_id AND operation_id = o.operation_id AND NOT ${IS_LATER} ORDER BY version LIMIT 1)
  LIMIT 1`;

/**
 * `open`: the newest row of each operation that was submitted at or above the floor, or noted as in doubt, and is open by
 * that row. Parameters: $1 the shard, $2 the codes of open states.
 */
export const OPEN_NOW = `
WITH candidate AS MATERIALIZED (
  SELECT merchant_id, payment_id, operation_id, operation_kind FROM journal
   WHERE origin_shard = $1::int2 AND seq >= (SELECT open_floor_seq FROM shard_lease) AND gateway_key IS NOT NULL
  UNION
  SELECT j.merchant_id, o.payment_id, o.operation_id, j.operation_kind FROM operation_open o
   CROSS JOIN LATERAL (${ANY_ROW}) j),
open AS MATERIALIZED (
  SELECT c.merchant_id, n.* FROM candidate c
   CROSS JOIN LATERAL (${rowOfOperation("c", "payment_id, version, recorded_at, operation_id, operation_kind, operation_state, data", "true", "version DESC")}) n
   WHERE n.operation_state = ANY ($2::int2[]))`;

/** In the order of their submission, for the floor is the first of them that is not noted. */
const LOAD_OPEN = `${OPEN_NOW}
SELECT ${PAYMENT_COLUMNS}, ${OWN_COLUMNS}, p.sealed, p.idempotency_key, t.version = 1 AS first, t.seq AS t1_seq,
       o.tries, o.operation_id IS NOT NULL AS noted
  FROM open n ${OWN_SUBMITTING_ROW}
  JOIN payment p ON p.merchant_id = n.merchant_id AND p.id = n.payment_id ${PAYMENT_JOINS}
  LEFT JOIN operation_open o ON o.operation_id = n.operation_id
 ORDER BY t.seq`;

/** Noted as in doubt although they ended: their owner stopped between the two commits. */
const LOAD_ENDED = `
SELECT uuid_send(o.operation_id) AS operation_id
  FROM operation_open o
 CROSS JOIN LATERAL (${ANY_ROW}) j
 CROSS JOIN LATERAL (${rowOfOperation("j", "operation_state", "true", "version DESC")}) n
 WHERE n.operation_state <> ALL ($1::int2[])`;

const LOAD_REQUESTS = `
SELECT k.ordinal, i.fingerprint, i.route, uuid_send(i.operation_id) AS operation_id
  FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS k(merchant_id, key, ordinal)
  JOIN idempotency i ON i.merchant_id = k.merchant_id AND i.key = k.key`;
interface RequestRow extends QueryResultRow {
  readonly ordinal: bigint;
  readonly fingerprint: Buffer;
  readonly route: string;
  readonly operation_id: Buffer;
}

/** An operation before the request that asked for it was looked up. */
interface Asked {
  readonly operation: Omit<OpenOperation, "request">;
  /** Null: a compensation. */
  readonly idempotencyKey: string | null;
}
interface AskedKey {
  readonly merchantId: MerchantId;
  readonly key: string;
}
const MERCHANT = column<AskedKey, "uuid">("merchant_id", "uuid", (q) => bytesOfId(q.merchantId));
const KEY = column<AskedKey, "text">("key", "text", (q) => q.key);

/** Codes of the states of operations that may still move money. */
export const openStates = (): number[] => OPEN_STATES.map((state) => OPERATION_STATE.code(state));

function askedOf(row: OpenRow): Asked {
  const operation = {
    payment: paymentOf(row),
    operation: ownOperationOf(row),
    sealed: row.sealed,
    t1Seq: row.t1_seq,
    tries: row.tries ?? 0,
    noted: row.noted,
  };
  const own = parseSideFacts(row.own_submitted_data).key ?? null;
  return { operation, idempotencyKey: row.first ? row.idempotency_key : own };
}

/** The requests behind the keys, in their order. Throws when one is missing or asked for another operation. */
async function loadRequests(
  connection: Connection,
  asked: readonly (AskedKey & { readonly operationId: OperationId })[],
): Promise<readonly NonNullable<OpenOperation["request"]>[]> {
  if (asked.length === 0) return [];
  const scratch = new Scratch();
  const { rows } = await connection.query<RequestRow>(LOAD_REQUESTS, [
    columnArray(MERCHANT, asked, scratch),
    columnArray(KEY, asked, scratch),
  ]);
  const found = new Map(rows.map((row) => [Number(row.ordinal) - 1, row]));
  return asked.map(({ key, operationId }, i) => {
    const row = found.get(i);
    if (row === undefined || idFromBytes("op", row.operation_id) !== operationId)
      throw new PaymentClusterError("INVARIANT_BROKEN", `${operationId} is not what its key asked for`);
    return { idempotencyKey: key, fingerprint: row.fingerprint, route: row.route };
  });
}

/**
 * Every open operation of the shard, oldest first, with what is needed to ask its gateway again. Throws INVARIANT_BROKEN
 * when one cannot be read: a shard that forgot it would never learn whether money moved.
 */
export async function loadOpenOperations(
  connection: Connection,
  shard: number,
  log: Log,
): Promise<readonly OpenOperation[]> {
  const { rows } = await connection.query<OpenRow>(LOAD_OPEN, [shard, openStates()]);
  const found = readAll(rows, askedOf, "INVARIANT_BROKEN", log, (row) => row.own_operation_id);
  const keyed = found.flatMap(({ operation, idempotencyKey }) =>
    idempotencyKey === null
      ? []
      : [
          {
            merchantId: operation.payment.terms.merchantId,
            key: idempotencyKey,
            operationId: operation.operation.id,
          },
        ],
  );
  const requests = await loadRequests(connection, keyed);
  const requestOf = new Map(keyed.map(({ operationId }, i) => [operationId, requests[i] ?? null]));
  return found.map(({ operation }) => ({ ...operation, request: requestOf.get(operation.operation.id) ?? null }));
}

/** Operations whose rows in `operation_open` are left over. */
export async function loadEndedOperations(connection: Connection): Promise<readonly OperationId[]> {
  const { rows } = await connection.query<{ operation_id: Buffer }>(LOAD_ENDED, [openStates()]);
  return rows.map((row) => idFromBytes("op", row.operation_id));
}
