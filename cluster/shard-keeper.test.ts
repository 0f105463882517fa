import { expect } from "chai";
import { PATIENCE_MS, ShardKeeper } from "./shard-keeper.ts";
import type { ServedShard } from "./shard-thread.ts";

const quiet = { info: () => {}, warn: () => {}, error: () => {} };

/** A host that remembers what it was told. */
class Host {
  readonly given = new Map<number, bigint>();
  readonly served: ServedShard[] = [];
  readonly released: number[] = [];
  finish: () => void = () => {};

  serve(shard: ServedShard): void {
    this.served.push(shard);
    this.given.set(shard.id, shard.generation);
  }
  async release(shard: number): Promise<void> {
    this.released.push(shard);
    this.given.delete(shard);
    await new Promise<void>((resolve) => {
      this.finish = resolve;
    });
  }
}

describe("the keeper of a node's shards", () => {
  function rig() {
    const host = new Host();
    const world = {
      assigned: [] as { shard: number; generation: bigint }[],
      elsewhere: new Map<number, string>(),
      told: 0,
    };
    const keeper = new ShardKeeper({
      assigned: () => world.assigned,
      servedElsewhere: (shard) => world.elsewhere.get(shard),
      dsnOf: (shard) => (shard < 9 ? `dsn-${shard}` : undefined),
      host,
      released: () => world.told++,
      log: quiet,
    });
    return { host, world, keeper };
  }

  it("takes what is assigned, once, and waits only for an owner that lives", () => {
    const { host, world, keeper } = rig();
    world.assigned = [
      { shard: 0, generation: 4n },
      { shard: 1, generation: 5n },
      { shard: 9, generation: 6n },
    ];
    world.elsewhere.set(1, "node-2");
    keeper.look();
    keeper.look();
    expect(host.served).to.deep.equal([
      { id: 0, dsn: "dsn-0", generation: 4n, patienceMs: 0 },
      { id: 1, dsn: "dsn-1", generation: 5n, patienceMs: PATIENCE_MS },
    ]);
  });

  it("gives up what is assigned elsewhere, says so, and takes it back only when that is done", async () => {
    const { host, world, keeper } = rig();
    world.assigned = [{ shard: 0, generation: 4n }];
    keeper.look();
    world.assigned = [];
    keeper.look();
    keeper.look();
    expect(host.released).to.deep.equal([0]);
    world.assigned = [{ shard: 0, generation: 7n }];
    keeper.look();
    expect(host.served.length, "it still ends").to.equal(1);
    host.finish();
    await new Promise(setImmediate);
    expect(world.told).to.equal(1);
    keeper.look();
    expect(host.served.at(-1)?.generation).to.equal(7n);
  });

  it("takes a shard anew that was assigned to it anew: another one may have had it in between", () => {
    const { host, world, keeper } = rig();
    world.assigned = [{ shard: 0, generation: 4n }];
    keeper.look();
    world.assigned = [{ shard: 0, generation: 6n }];
    keeper.look();
    expect(host.served.map(({ generation }) => generation)).to.deep.equal([4n, 6n]);
  });

  it("takes nothing any more once it is closed", () => {
    const { host, world, keeper } = rig();
    keeper.close();
    world.assigned = [{ shard: 0, generation: 4n }];
    keeper.look();
    expect(host.served).to.deep.equal([]);
  });
});
