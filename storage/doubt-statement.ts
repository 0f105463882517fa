/** Writes and removes rows of operations in doubt. */
import { bytesOfId } from "../actors/domain/index.ts";
import type { OperationId } from "../actors/domain/index.ts";
import type { DoubtRow } from "../actors/index.ts";
import { column } from "./binary-arrays.ts";
import type { Column } from "./binary-arrays.ts";
import { renewingStatement, writeOf } from "./renewing-statement.ts";

interface Doubts {
  readonly upserts: readonly DoubtRow[];
  readonly closed: readonly OperationId[];
}

const DOUBT: readonly Column<DoubtRow>[] = [
  column("operation_id", "uuid", (d) => bytesOfId(d.operationId)),
  column("payment_id", "uuid", (d) => bytesOfId(d.paymentId)),
  column("next_check_at", "timestamptz", (d) => d.nextCheckAtMs),
  column("deadline_at", "timestamptz", (d) => d.deadlineAtMs),
  column("tries", "int4", (d) => d.tries),
  column("slot", "int2", (d) => d.slot),
];
const NAMES = DOUBT.map(({ name }) => name).join(", ");
const CLOSED = [column<OperationId, "uuid">("operation_id", "uuid", (id) => bytesOfId(id))];

export const saveDoubtsStatement = renewingStatement<Doubts>("save_doubts", [
  writeOf(
    DOUBT,
    ({ upserts }) => upserts,
    (rows) => `
  INSERT INTO operation_open (${NAMES}) SELECT ${NAMES} FROM ${rows}
  ON CONFLICT (operation_id) DO UPDATE
    SET tries = excluded.tries, next_check_at = excluded.next_check_at, deadline_at = excluded.deadline_at`,
  ),
  writeOf(
    CLOSED,
    ({ closed }) => closed,
    (rows) => `DELETE FROM operation_open o USING ${rows} WHERE o.operation_id = r.operation_id`,
  ),
]);
