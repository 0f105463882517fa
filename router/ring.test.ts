import { hash } from "node:crypto";
import { expect } from "chai";
import { SLOT_COUNT } from "../actors/domain/index.ts";
import { assignSlots } from "./ring.ts";
import { planSlotMap, SlotMap } from "./slot-map.ts";

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const counts = (shards: Uint16Array): number[] =>
  upTo(Math.max(...shards) + 1).map((shard) => shards.filter((s) => s === shard).length);

describe("ring", () => {
  // Frozen: another assignment moves merchants whose rows stay where they are.
  const golden: readonly (readonly [shards: number, digest: string, counts: readonly number[]])[] = [
    [1, "363ac4b75fc9bb8039c0098c18e301c595bb7a51b9b8abc34598ef62dd1b2107", [4096]],
    [4, "ea3d83d44cbeecf0d9d03328588f3a15b5fb13c112c1ffc460e0f934d34347ac", [948, 1100, 1080, 968]],
    [8, "d8004395b11f634e24d8dcf3af1831255840e8e7d4cf3b7c1a5c35e197d7f187", [502, 521, 541, 515, 514, 514, 479, 510]],
  ];
  for (const [shards, digest, expected] of golden)
    it(`assigns 4,096 slots to ${shards} shards as always`, () => {
      const slots = assignSlots(upTo(shards));
      expect(hash("sha256", slots.join(","))).to.equal(digest);
      expect(counts(slots)).to.deep.equal(expected);
    });

  it("moves slots only to a shard that is new", () => {
    const before = assignSlots(upTo(8));
    const after = assignSlots(upTo(9));
    const moved = upTo(SLOT_COUNT).filter((slot) => before[slot] !== after[slot]);
    expect(moved).to.have.lengthOf(457);
    expect(new Set(moved.map((slot) => after[slot]))).to.deep.equal(new Set([8]));
  });

  it("does not depend on the order of the shards", () =>
    expect(assignSlots([3, 0, 2, 1])).to.deep.equal(assignSlots([0, 1, 2, 3])));

  it("needs a shard", () => expect(() => assignSlots([])).to.throw());
});

describe("slot map", () => {
  it("is planned by the ring", () => {
    const map = planSlotMap([0, 1, 2, 3]);
    expect([map.version, map.toArray()]).to.deep.equal([1, assignSlots([0, 1, 2, 3])]);
    expect(map.slotsOf(2)).to.have.lengthOf(1080);
    expect(map.slotsOf(2).every((slot) => map.shardOf(slot) === 2)).to.equal(true);
  });

  it("is changed only by a newer version", () => {
    const map = planSlotMap([0]);
    const next = map.withOverrides(new Map([[5, 7]]));
    expect([map.shardOf(5), next.shardOf(5), next.shardOf(6), next.version]).to.deep.equal([0, 7, 0, 2]);
    next.toArray()[5] = 9;
    expect(next.shardOf(5)).to.equal(7);
  });

  it("refuses what is no slot", () => {
    const map = planSlotMap([0]);
    expect(() => map.shardOf(SLOT_COUNT)).to.throw();
    expect(() => map.withOverrides(new Map([[-1, 0]]))).to.throw();
    expect(() => new SlotMap(1, [0, 1])).to.throw();
  });
});
