/**
 * The slot map: which shard a slot's requests are sent to. A versioned value that never changes; a newer version
 * replaces it whole. It is a hint for routing: what a shard may write is said by the shard's own database.
 */
import { SLOT_COUNT } from "../actors/domain/index.ts";
import { assignSlots } from "./ring.ts";

export class SlotMap {
  /** Grows with each change. */
  readonly version: number;
  readonly #shards: Uint16Array;

  /** `shards`: the shard of each of the 4,096 slots, copied. Throws on another length. */
  constructor(version: number, shards: ArrayLike<number>) {
    if (shards.length !== SLOT_COUNT) throw new Error(`a slot map has ${SLOT_COUNT} slots, not ${shards.length}`);
    this.version = version;
    this.#shards = Uint16Array.from(shards);
  }

  /** The shard of a slot. Throws on a number that is no slot. */
  shardOf(slot: number): number {
    const shard = this.#shards[slot];
    if (shard === undefined) throw new Error(`${slot} is not a slot`);
    return shard;
  }

  /** The slots of a shard, ascending. */
  slotsOf(shard: number): readonly number[] {
    const slots: number[] = [];
    for (let slot = 0; slot < SLOT_COUNT; slot++) if (this.#shards[slot] === shard) slots.push(slot);
    return slots;
  }

  /** The next version, with some slots sent elsewhere: an operator's override, or a finished move. */
  withOverrides(overrides: ReadonlyMap<number, number>): SlotMap {
    const shards = Uint16Array.from(this.#shards);
    for (const [slot, shard] of overrides) {
      if (!(slot in shards)) throw new Error(`${slot} is not a slot`);
      shards[slot] = shard;
    }
    return new SlotMap(this.version + 1, shards);
  }

  /** A copy for storage: index is the slot. */
  toArray(): Uint16Array {
    return Uint16Array.from(this.#shards);
  }
}

/** The first slot map of a cluster, by the ring. */
export const planSlotMap = (shardIds: readonly number[], version = 1): SlotMap =>
  new SlotMap(version, assignSlots(shardIds));
