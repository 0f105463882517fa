/** How nodes, shards and actors look in answers: snake_case, times in RFC 3339, 64-bit numbers as text. */
import type { ActorSnapshot, OperationInspection } from "../../actors/index.ts";
import { pidOfName } from "../process-name.ts";
import type { ShardInspection } from "./shard-inspection.ts";
import { type ClusterLook, type NodeLook, stateOf, timeOf } from "./world.ts";

const at = (ms: number | null): string | null => (ms === null ? null : timeOf(ms));

/** `readAtMs`: when the view was read, by this node's clock. */
export const nodeItem = (node: NodeLook, { assignments, leader }: ClusterLook, readAtMs: number): NodeItem => ({
  name: node.name,
  state: stateOf(node),
  draining: node.draining,
  leader: leader?.node === node.name,
  pid: pidOfName(node.process),
  version: node.version === "" ? null : node.version,
  api_address: node.apiAddress,
  heartbeat_at: timeOf(readAtMs - node.ageMs),
  started_at: timeOf(readAtMs - node.upMs),
  shards_assigned: assignments.filter((one) => one.node === node.name).map(({ shard }) => shard),
  shards_serving: node.serving,
});
export interface NodeItem {
  readonly name: string;
  readonly state: string;
  readonly draining: boolean;
  readonly leader: boolean;
  /** Of its process, on its machine; null: it left in order, or does not say. */
  readonly pid: number | null;
  readonly version: string | null;
  readonly api_address: string;
  readonly heartbeat_at: string;
  readonly started_at: string;
  readonly shards_assigned: readonly number[];
  readonly shards_serving: readonly number[];
}

export interface ActorItem {
  readonly shard: number;
  readonly node: string;
  readonly mode: string;
  readonly epoch: string | null;
  readonly last_seq: string;
  readonly mailbox_depth: number;
  readonly open_operations: number;
  readonly in_doubt: number;
  /** When the oldest operation in doubt was submitted. */
  readonly oldest_doubt_at: string | null;
  readonly payments_in_memory: number;
  readonly notices_waiting: number;
}
export const actorItem = (one: ActorSnapshot, node: string, nowMs: number): ActorItem => ({
  shard: one.shard,
  node,
  mode: one.mode,
  epoch: one.epoch,
  last_seq: one.lastSeq,
  mailbox_depth: one.mailboxDepth,
  open_operations: one.openOperations,
  in_doubt: one.inDoubt,
  oldest_doubt_at: one.inDoubt === 0 ? null : timeOf(nowMs - one.oldestDoubtAgeMs),
  payments_in_memory: one.remembered,
  notices_waiting: one.notices,
});

const operationItem = (one: OperationInspection, atMs: number): object => ({
  id: one.operationId,
  payment_id: one.paymentId,
  merchant_id: one.merchantId,
  kind: one.kind,
  state: one.state,
  gateway: one.gateway,
  seq: one.t1Seq,
  submitted_at: timeOf(one.submittedAtMs),
  tries: one.tries,
  calling: one.running === null ? null : { action: one.running.action, due_at: timeOf(atMs + one.running.leftMs) },
  in_doubt_since: one.inDoubtForMs === null ? null : timeOf(atMs - one.inDoubtForMs),
  next_check_at: at(one.nextCheckAtMs),
  deadline_at: timeOf(one.deadlineAtMs),
  pending_reason: one.pendingReason,
  needs_review: one.needsReview,
  noted_on_disk: one.isNoted,
  being_written: one.isWriting,
  client_waits: one.hasWaiter,
});

/** `node`: whose actor it is. */
export function inspectionItem({ live, disk, note, differences }: ShardInspection, node: string): object {
  const { commit, atMs } = live;
  return {
    shard: live.shard,
    node,
    taken_at: timeOf(atMs),
    mode: live.mode,
    epoch: live.epoch,
    slots: live.slots,
    slots_version: live.slotsVersion,
    last_seq: live.lastSeq,
    mailbox_depth: live.mailboxDepth,
    commit: {
      in_flight_rows: commit.inFlight?.rows ?? null,
      in_flight_since: commit.inFlight === null ? null : timeOf(atMs - commit.inFlight.forMs),
      intents_waiting: commit.intents,
      outcomes_waiting: commit.outcomes,
      healthy: commit.isHealthy,
      acknowledged_at: commit.acknowledgedAgoMs === null ? null : timeOf(atMs - commit.acknowledgedAgoMs),
    },
    payments_in_memory: live.remembered,
    notices_waiting: live.notices,
    open_operations: live.openOperations,
    received_operations: live.receivedOperations,
    operations_shown: live.operations.length,
    operations: live.operations.map((one) => operationItem(one, atMs)),
    disk:
      disk === null
        ? null
        : {
            epoch: disk.epoch,
            node: disk.node,
            released: disk.released,
            renewed_at: timeOf(atMs - disk.renewedAgoMs),
            last_seq: disk.lastSeq,
            open_floor_seq: disk.openFloorSeq,
            open_operations: disk.openOperations,
          },
    comparison: disk === null ? "none" : note === null ? "complete" : "partial",
    comparison_note: note,
    differences: differences.map(({ kind, operationId, detail }) => ({ kind, operation_id: operationId, detail })),
  };
}
