/**
 * The consistent-hash ring that says which shard a slot belongs to. Frozen: members `shard-N`, keys `slot-N` and the
 * package's default settings (md5, 160 points a member) are part of the result; a change of any of them moves data.
 * It plans a slot map; requests are routed by the stored map, never by the ring.
 */
import { SLOT_COUNT } from "../actors/domain/index.ts";
import HashRing from "hash-ring";

/**
 * Slot to shard for the given shards: index is the slot, value the shard. The order of `shardIds` does not matter, and
 * a further shard takes slots from the others without moving any between them. Throws without shards.
 */
export function assignSlots(shardIds: readonly number[]): Uint16Array {
  if (shardIds.length === 0) throw new Error("a ring needs a shard");
  const shardOfMember = new Map(shardIds.map((id) => [`shard-${id}`, id]));
  const ring = new HashRing([...shardOfMember.keys()]);
  const shards = new Uint16Array(SLOT_COUNT);
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    const shard = shardOfMember.get(ring.get(`slot-${slot}`) ?? "");
    if (shard === undefined) throw new Error(`slot ${slot} has no shard`);
    shards[slot] = shard;
  }
  return shards;
}
