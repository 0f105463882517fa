/**
 * What a shard's database says of its operations that may still move money, for comparison with an actor's memory. Read
 * on a connection of its own, beside the mailbox: the actor neither waits for it nor pays for it.
 */
import type { QueryResultRow } from "pg";
import { idFromBytes } from "../actors/domain/index.ts";
import type { OperationId, OperationKind, OperationState, PaymentId } from "../actors/domain/index.ts";
import type { Clock, Log } from "../actors/index.ts";
import { OPERATION_KIND, OPERATION_STATE } from "./codes.ts";
import { OPEN_NOW, openStates } from "./open-operations.ts";
import { ReadConnection } from "./read-connection.ts";
import { ms, OWN_SUBMITTING_ROW } from "./read-model.ts";

/** An open operation as of its newest row on disk. */
export interface OpenOnDisk {
  readonly operationId: OperationId;
  readonly paymentId: PaymentId;
  readonly kind: OperationKind;
  readonly state: OperationState;
  readonly t1Seq: bigint;
  readonly deadlineAtMs: number;
  /** It stands in the table of operations in doubt, with this many tries; null: it does not. */
  readonly notedTries: number | null;
}

/** The lease row and the oldest open operations. Ages: milliseconds by the database's clock. */
export interface ShardOnDisk {
  readonly epoch: bigint;
  readonly node: string;
  readonly released: boolean;
  readonly renewedAgoMs: number;
  readonly lastSeq: bigint;
  readonly openFloorSeq: bigint;
  /** All of them. */
  readonly openOperations: number;
  /** The oldest, in the order of their submission. */
  readonly operations: readonly OpenOnDisk[];
}

export interface ShardLook {
  /** `limit`: operations at most. Throws PaymentClusterError(STORAGE_UNAVAILABLE) when the database does not answer in time. */
  read(limit: number): Promise<ShardOnDisk>;
  close(): Promise<void>;
}

export interface ShardLookOptions {
  readonly shard: number;
  readonly dsn: string;
  /** Shown in pg_stat_activity. */
  readonly node: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly timeoutMs?: number;
}

const READ_LEASE = `
SELECT epoch, node, released, last_seq, open_floor_seq,
       ${ms("clock_timestamp() - renewed_at")} AS renewed_ago_ms
  FROM shard_lease`;
interface LeaseRow extends QueryResultRow {
  readonly epoch: bigint;
  readonly node: string;
  readonly released: boolean;
  readonly last_seq: bigint;
  readonly open_floor_seq: bigint;
  readonly renewed_ago_ms: number;
}

const LOOK_OPEN = `${OPEN_NOW}
SELECT uuid_send(n.operation_id) AS operation_id, uuid_send(n.payment_id) AS payment_id, n.operation_kind,
       n.operation_state, t.seq AS t1_seq, ${ms("t.deadline_at")} AS deadline_ms, o.tries,
       (SELECT count(*) FROM open)::int4 AS total
  FROM open n ${OWN_SUBMITTING_ROW}
  LEFT JOIN operation_open o ON o.operation_id = n.operation_id
 ORDER BY t.seq LIMIT $3::int4`;
interface OpenRow extends QueryResultRow {
  readonly operation_id: Buffer;
  readonly payment_id: Buffer;
  readonly operation_kind: number;
  readonly operation_state: number;
  readonly t1_seq: bigint;
  readonly deadline_ms: number;
  readonly tries: number | null;
  readonly total: number;
}

/** Nothing is connected before the first read. */
export function openShardLook(options: ShardLookOptions): ShardLook {
  const { shard, dsn, node, clock, log, timeoutMs = 2_000 } = options;
  const connection = new ReadConnection(
    {
      dsn,
      // Not a name that a successor's activation ends: this session writes nothing.
      applicationName: `paycluster:look:${shard}:${node}`,
      statementTimeoutMs: timeoutMs,
      lockTimeoutMs: timeoutMs,
      connectTimeoutMs: timeoutMs,
      pipeline: true,
      clock,
      log,
    },
    timeoutMs + 500, // the server says so first
  );
  return {
    async read(limit) {
      const [leases, rows] = await Promise.all([
        connection.read<LeaseRow>("look_lease", READ_LEASE, () => []),
        connection.read<OpenRow>("look_open", LOOK_OPEN, () => [shard, `{${openStates().join(",")}}`, limit]),
      ]);
      return lookOf(leases[0], rows);
    },
    close: () => connection.close(),
  };
}

function lookOf(lease: LeaseRow | undefined, rows: readonly OpenRow[]): ShardOnDisk {
  if (lease === undefined) throw new Error("the shard has no lease row");
  return {
    epoch: lease.epoch,
    node: lease.node,
    released: lease.released,
    renewedAgoMs: lease.renewed_ago_ms,
    lastSeq: lease.last_seq,
    openFloorSeq: lease.open_floor_seq,
    openOperations: rows[0]?.total ?? 0,
    operations: rows.map((row) => ({
      operationId: idFromBytes("op", row.operation_id),
      paymentId: idFromBytes("pay", row.payment_id),
      kind: OPERATION_KIND.word(row.operation_kind),
      state: OPERATION_STATE.word(row.operation_state),
      t1Seq: row.t1_seq,
      deadlineAtMs: row.deadline_ms,
      notedTries: row.tries,
    })),
  };
}
