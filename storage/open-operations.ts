/** Finds the operations that may still move money, reading the journal only from the floor on. */
import type { QueryResultRow } from "pg";
import { idFromBytes } from "../actors/domain/index.ts";
import type { OperationId, Payment } from "../actors/domain/index.ts";
import type { Log, OpenOperation } from "../actors/index.ts";
import { OPERATION_STATE } from "./codes.ts";
import type { Connection } from "./connection.ts";
import { PAYMENT_COLUMNS, PAYMENT_JOINS } from "./read-model.ts";
import type { PaymentRow } from "./read-model.ts";
import { readPayments } from "./readable-payments.ts";

type OpenRow = PaymentRow &
  QueryResultRow & {
    readonly sealed: Buffer;
    readonly idempotency_key: string;
    readonly fingerprint: Buffer;
    readonly t1_seq: bigint;
    readonly tries: number | null;
    readonly noted: boolean;
  };

const OPEN_STATES = ["submitted", "unknown"] as const;

/**
 * Submitted at or above the floor, or noted as in doubt; open if the newest row of the payment says so. In the order of
 * their submission, for the floor is the first of them that is not noted.
 */
const LOAD_OPEN = `
WITH candidate AS MATERIALIZED (
  SELECT merchant_id, payment_id FROM journal
   WHERE origin_shard = $1::int2 AND seq >= (SELECT open_floor_seq FROM shard_lease) AND gateway_key IS NOT NULL
  UNION
  SELECT j.merchant_id, o.payment_id FROM operation_open o
   CROSS JOIN LATERAL (SELECT merchant_id FROM journal WHERE payment_id = o.payment_id LIMIT 1) j)
SELECT ${PAYMENT_COLUMNS}, p.sealed, p.idempotency_key, i.fingerprint, s.seq AS t1_seq, o.tries,
       o.operation_id IS NOT NULL AS noted
  FROM candidate c
  JOIN payment p ON p.merchant_id = c.merchant_id AND p.id = c.payment_id ${PAYMENT_JOINS}
  JOIN idempotency i ON i.merchant_id = p.merchant_id AND i.key = p.idempotency_key
  LEFT JOIN operation_open o ON o.operation_id = j.operation_id
 WHERE j.operation_state = ANY ($2::int2[])
 ORDER BY s.seq`;

/** Noted as in doubt although they ended: their owner stopped between the two commits. */
const LOAD_ENDED = `
SELECT uuid_send(o.operation_id) AS operation_id
  FROM operation_open o
 CROSS JOIN LATERAL (SELECT operation_state FROM journal
                      WHERE payment_id = o.payment_id AND operation_id = o.operation_id
                      ORDER BY version DESC LIMIT 1) n
 WHERE n.operation_state <> ALL ($1::int2[])`;

const openStates = (): number[] => OPEN_STATES.map((state) => OPERATION_STATE.code(state));

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
  const payments = readPayments(rows, "INVARIANT_BROKEN", log);
  return rows.map((row, i) => ({
    payment: payments[i] as Payment,
    sealed: row.sealed,
    idempotencyKey: row.idempotency_key,
    fingerprint: row.fingerprint,
    t1Seq: row.t1_seq,
    tries: row.tries ?? 0,
    noted: row.noted,
  }));
}

/** Operations whose rows in `operation_open` are left over. */
export async function loadEndedOperations(connection: Connection): Promise<readonly OperationId[]> {
  const { rows } = await connection.query<{ operation_id: Buffer }>(LOAD_ENDED, [openStates()]);
  return rows.map((row) => idFromBytes("op", row.operation_id));
}
