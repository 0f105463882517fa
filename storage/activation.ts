/**
 * Takes a shard's lease: the only way to become its owner, and the only way to end doubt about a COMMIT. Looking is
 * never enough; only an acknowledged commit that raised the epoch decides (faults.md P1, P2).
 */
import type { QueryResultRow } from "pg";
import { PaymentClusterError } from "../actors/index.ts";
import type { Activation, Claim, Clock, Lease, Log } from "../actors/index.ts";
import type { Connection } from "./connection.ts";
import { loadWaitingNotices } from "./inbox-reads.ts";
import { loadEndedOperations, loadOpenOperations } from "./open-operations.ts";
import { findForsaken, loadEndpoints } from "./outbox-reads.ts";

/** The lease row, locked. */
interface LeaseRow extends QueryResultRow {
  readonly epoch: bigint;
  readonly slots_version: bigint;
  readonly generation: bigint;
  readonly last_seq: bigint;
  readonly anchor: Buffer;
  readonly released: boolean;
  readonly node: string;
  readonly process: string;
}
interface HeadRow extends QueryResultRow {
  readonly last_seq: bigint | null;
  readonly recorded_ms: number | null;
}

const LOCK_LEASE = `SELECT epoch, slots_version, generation, last_seq, anchor, released, node, process FROM shard_lease FOR UPDATE`;

/** $6: an owner may still answer from memory, for $7 ms after its last renewal. Earlier waits are kept. */
const TAKE_LEASE = `
UPDATE shard_lease
   SET epoch = $1::int8, generation = $2::int8, activation_id = $3::uuid, node = $4, process = $5, released = false,
       serve_after = greatest(serve_after, CASE WHEN $6::bool THEN renewed_at + $7::float8 * interval '1 ms' END),
       renewed_at = clock_timestamp()`;

const NOTE_EPOCH = `INSERT INTO shard_epoch (epoch, activation_id, node, process) VALUES ($1::int8, $2::uuid, $3, $4)`;

const READ_HEAD = `
SELECT seq AS last_seq, (extract(epoch FROM recorded_at) * 1000)::float8 AS recorded_ms
  FROM journal WHERE origin_shard = $1::int2 ORDER BY seq DESC LIMIT 1`;

/**
 * Sessions of earlier owners, by name; never one of ours, and none at all when the lease shows a newer owner: its
 * sessions bear the same name. Ending them only shortens the wait (faults.md P4). Reads without the lock, which a frozen
 * owner may hold.
 */
const END_LEFTOVERS = `
SELECT pg_terminate_backend(a.pid) FROM shard_lease l, pg_stat_activity a
 WHERE (l.generation < $3::int8 OR (l.generation = $3::int8 AND l.node = $4 AND l.process = $5))
   AND a.datname = current_database() AND a.usename = current_user AND a.application_name LIKE $1
   AND a.pid <> pg_backend_pid() AND a.pid <> ALL ($2::int4[])`;

/** What a taken lease is, before anything else is read. */
interface Taken {
  readonly lease: Lease;
  readonly row: LeaseRow;
}

/** Ends leftover sessions of the shard, if `claim` may take it. `keep`: backends of this store. */
export async function endLeftovers(
  connection: Connection,
  shard: number,
  claim: Claim,
  keep: readonly number[],
): Promise<void> {
  const { generation, node, process } = claim;
  await connection.query(END_LEFTOVERS, [`paycluster:${shard}:%`, keep, generation, node, process]);
}

const LOOK_FOR_RELEASE_MS = 20;

/**
 * Waits until the shard's owner has released it, at most `claim.patienceMs`: nobody asks it to hurry, and none of its
 * sessions is ended meanwhile. Returns at once when there is nothing to wait for.
 */
export async function awaitRelease(
  connection: Connection,
  claim: Claim,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const endAtMs = clock.monotonicMs() + claim.patienceMs;
  while (clock.monotonicMs() < endAtMs) {
    const { rows } = await connection.query<{ free: boolean }>(
      "SELECT released OR epoch = 0 OR generation >= $1::int8 AS free FROM shard_lease",
      [claim.generation],
    );
    if (rows[0]?.free !== false) return;
    await pause(clock, LOOK_FOR_RELEASE_MS, signal);
  }
}

/** The claim is newer than the stored one, or is the same process going on. */
function mayTake(row: LeaseRow, claim: Claim): boolean {
  return claim.generation > row.generation || (claim.generation === row.generation && isSame(row, claim));
}
const isSame = (row: LeaseRow, claim: Claim): boolean => row.node === claim.node && row.process === claim.process;

/**
 * One try: lock, check the claim, raise the epoch, COMMIT. Throws when it was not acknowledged, whatever the reason:
 * try again on a new connection. `takeOverWaitMs`: how long an owner may answer from memory after its last renewal.
 */
export async function takeLease(
  connection: Connection,
  shard: number,
  claim: Claim,
  takeOverWaitMs: number,
): Promise<Taken | "fenced"> {
  await connection.query("BEGIN");
  const { rows } = await connection.query<LeaseRow>(LOCK_LEASE);
  const [row] = rows;
  if (row === undefined) throw new PaymentClusterError("INVARIANT_BROKEN", `shard ${shard} has no lease row`);
  if (!mayTake(row, claim)) {
    await connection.query("ROLLBACK");
    return "fenced";
  }
  const epoch = row.epoch + 1n;
  const mayStillServe = row.epoch > 0n && !row.released && !isSame(row, claim) && !claim.isGone(row.process);
  await connection.query(TAKE_LEASE, [
    epoch,
    claim.generation,
    claim.activationId,
    claim.node,
    claim.process,
    mayStillServe,
    takeOverWaitMs,
  ]);
  await connection.query(NOTE_EPOCH, [epoch, claim.activationId, claim.node, claim.process]);
  connection.takeWarning(); // of statements before it, such as that a session to be ended had just gone
  const commit = await connection.query("COMMIT");
  if (commit.command !== "COMMIT" || connection.takeWarning())
    throw new PaymentClusterError("STORAGE_UNAVAILABLE", "the activation was not acknowledged");
  return { lease: { shard, epoch, slotsVersion: row.slots_version }, row };
}

/**
 * Everything an actor needs, read under the new epoch and from one snapshot: nothing of an earlier one can appear any
 * more. `loadMs`: time for one statement; many operations may be open. Throws STORAGE_UNAVAILABLE when another owner
 * took the shard meanwhile: what it wrote is not ours to judge; INVARIANT_BROKEN when the database contradicts itself or
 * an open operation cannot be read.
 */
export async function loadActivation(
  connection: Connection,
  taken: Taken,
  loadMs: number,
  log: Log,
): Promise<Activation> {
  await connection.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  await connection.query(`SET LOCAL statement_timeout = ${Math.round(loadMs)}`);
  const { rows } = await connection.query<{ epoch: bigint }>("SELECT epoch FROM shard_lease");
  if (rows[0]?.epoch !== taken.lease.epoch)
    throw new PaymentClusterError("STORAGE_UNAVAILABLE", "another owner took the shard during the activation");
  const activation = await loadSnapshot(connection, taken, log);
  await connection.query("COMMIT");
  return activation;
}

async function loadSnapshot(connection: Connection, { lease, row }: Taken, log: Log): Promise<Activation> {
  const head = (await connection.query<HeadRow>(READ_HEAD, [lease.shard])).rows[0];
  const lastSeq = head?.last_seq ?? 0n;
  if (lastSeq !== row.last_seq)
    throw new PaymentClusterError("INVARIANT_BROKEN", `the journal ends at ${lastSeq}, the lease says ${row.last_seq}`);
  const slots = await connection.query<{ slot: number }>("SELECT slot FROM shard_slot WHERE state = 'owned'");
  return {
    lease,
    lastSeq,
    lastAnchor: row.anchor,
    lastRecordedAtMs: head?.recorded_ms ?? 0,
    slots: new Set(slots.rows.map((r) => r.slot)),
    open: await loadOpenOperations(connection, lease.shard, log),
    ended: await loadEndedOperations(connection),
    waiting: await loadWaitingNotices(connection, log),
    endpoints: await loadEndpoints(connection, log),
    forsaken: await findForsaken(connection),
  };
}

/** Milliseconds until no earlier owner can answer from memory any more, by the database's clock; 0: now. */
export async function readServeWait(connection: Connection): Promise<number> {
  const { rows } = await connection.query<{ wait_ms: number }>(
    "SELECT ceil(greatest(0, extract(epoch FROM serve_after - clock_timestamp()) * 1000))::float8 AS wait_ms FROM shard_lease",
  );
  return rows[0]?.wait_ms ?? 0;
}

/** Renews the lease outside a batch. Throws when somebody took the shard meanwhile. */
export async function renewLease(connection: Connection, lease: Lease): Promise<void> {
  await connection.query("SELECT shard_renew($1::int8, $2::int8)", [lease.epoch, lease.slotsVersion]);
}

/** What a called-off activation throws. */
export const calledOff = (): PaymentClusterError =>
  new PaymentClusterError("STORAGE_UNAVAILABLE", "the activation was called off");

/** Waits, or throws when called off. */
export function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const callOff = (): void => {
      cancel();
      reject(calledOff());
    };
    const cancel = clock.after(delayMs, () => {
      signal.removeEventListener("abort", callOff);
      resolve();
    });
    if (signal.aborted) callOff();
    else signal.addEventListener("abort", callOff, { once: true });
  });
}
