/**
 * A look into an actor beside a look into its database, and what differs. Memory is looked at before and after the
 * database, so that what was merely on its way from one to the other is not taken for a difference.
 */
import type { ActorInspection, OperationInspection } from "../../actors/index.ts";
import type { OpenOnDisk, ShardOnDisk } from "../../storage/index.ts";

/** `operationId` null: of the shard as a whole. */
export interface Difference {
  readonly kind: "owner" | "epoch" | "only on disk" | "only in memory" | "state";
  readonly operationId: string | null;
  readonly detail: string;
}

export interface ShardInspection {
  /** The newer look. */
  readonly live: ActorInspection;
  /** Null: not asked for, or its database did not answer. */
  readonly disk: ShardOnDisk | null;
  /** Why there is no comparison, or how far it went; null: it is complete. */
  readonly note: string | null;
  readonly differences: readonly Difference[];
}

/** What is compared: `before` and `after` are looks into memory around the one at the disk. */
export interface Looks {
  readonly before: ActorInspection;
  readonly disk: ShardOnDisk;
  readonly after: ActorInspection;
}

/** Compares the operations that every look shows. `node`: whose actor it is. */
export function compareLooks(node: string, looks: Looks): ShardInspection {
  const { before, disk, after } = looks;
  const throughSeq = least(BigInt(before.lastSeq), horizon(before), diskHorizon(disk));
  const isCut = before.operations.length < before.openOperations || disk.operations.length < disk.openOperations;
  return {
    live: after,
    disk,
    note: isCut ? `only the oldest operations were compared, through seq ${throughSeq}` : null,
    differences: [
      ...ownerDifferences(node, looks),
      ...(before.epoch === after.epoch ? operationDifferences(looks, throughSeq) : []),
    ],
  };
}

/** The last seq up to which a look shows everything that is open. */
const horizon = ({ operations, openOperations }: ActorInspection): bigint | undefined =>
  operations.length < openOperations ? BigInt(operations.at(-1)?.t1Seq ?? 0) : undefined;
const diskHorizon = ({ operations, openOperations }: ShardOnDisk): bigint | undefined =>
  operations.length < openOperations ? (operations.at(-1)?.t1Seq ?? 0n) : undefined;
const least = (first: bigint, ...others: readonly (bigint | undefined)[]): bigint =>
  others.reduce<bigint>((low, one) => (one !== undefined && one < low ? one : low), first);

function ownerDifferences(node: string, { before, disk, after }: Looks): readonly Difference[] {
  if (after.epoch === null) return []; // it owns nothing now, and says so itself
  const found: Difference[] = [];
  if (disk.node !== node || disk.released)
    found.push({
      kind: "owner",
      operationId: null,
      detail: disk.released ? "the lease on disk is released" : `the lease on disk is ${disk.node}'s`,
    });
  if (disk.epoch !== BigInt(after.epoch) && before.epoch === after.epoch)
    found.push({ kind: "epoch", operationId: null, detail: `memory has ${after.epoch}, disk has ${disk.epoch}` });
  return found;
}

function operationDifferences({ before, disk, after }: Looks, throughSeq: bigint): readonly Difference[] {
  const early = byId(before.operations);
  const late = byId(after.operations);
  const stored = new Map(disk.operations.map((one) => [one.operationId, one]));
  const isMoving = (id: string): boolean => early.get(id)?.isWriting === true || late.get(id)?.isWriting === true;
  const found: Difference[] = [];
  for (const one of disk.operations) {
    const memory = early.get(one.operationId);
    if (one.t1Seq > throughSeq || isMoving(one.operationId)) continue;
    if (memory === undefined && !late.has(one.operationId)) found.push(onlyOnDisk(one));
    if (memory !== undefined && memory.state !== one.state && late.get(one.operationId)?.state === memory.state)
      found.push({
        kind: "state",
        operationId: one.operationId,
        detail: `memory has ${memory.state}, disk has ${one.state}`,
      });
  }
  for (const one of before.operations) {
    if (BigInt(one.t1Seq) > throughSeq || stored.has(one.operationId) || isMoving(one.operationId)) continue;
    if (late.has(one.operationId)) found.push(onlyInMemory(one));
  }
  return found;
}

const byId = (operations: readonly OperationInspection[]): ReadonlyMap<string, OperationInspection> =>
  new Map(operations.map((one) => [one.operationId, one]));
const onlyOnDisk = ({ operationId, paymentId, kind, state, t1Seq }: OpenOnDisk): Difference => ({
  kind: "only on disk",
  operationId,
  detail: `${kind} of ${paymentId}, ${state}, seq ${t1Seq}: the actor does not know it`,
});
const onlyInMemory = ({ operationId, paymentId, kind, state, t1Seq }: OperationInspection): Difference => ({
  kind: "only in memory",
  operationId,
  detail: `${kind} of ${paymentId}, ${state}, seq ${t1Seq}: the database has no such open operation`,
});
