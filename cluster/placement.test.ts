import { expect } from "chai";
import fc from "fast-check";
import { planPlacement } from "./placement.ts";

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);
const named = (count: number): readonly string[] => upTo(count).map((i) => `node-${i + 1}`);
const plan = (shards: readonly number[], nodes: readonly string[], overrides: Iterable<[number, string]> = []) =>
  planPlacement({ shards, nodes, overrides: new Map(overrides) });
const loadsOf = (placed: ReadonlyMap<number, string>, nodes: readonly string[]): readonly number[] =>
  nodes.map((node) => [...placed.values()].filter((owner) => owner === node).length);

/** Shard 0 is on node-…, shard 1 on node-…, and so on. */
const GOLDEN = [1, 1, 3, 3, 3, 2, 1, 2];

const shardIds = fc.uniqueArray(fc.nat(2_000), { maxLength: 60 });
const nodeNames = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 9 });

/** Shards that change between two plans, by whether `node` had them or got them. */
function moved(before: ReadonlyMap<number, string>, after: ReadonlyMap<number, string>, node: string) {
  const changed = [...before].filter(([shard, owner]) => after.get(shard) !== owner);
  const isOwn = ([shard, owner]: readonly [number, string]): boolean => owner === node || after.get(shard) === node;
  return { own: changed.filter(isOwn).length, others: changed.filter((one) => !isOwn(one)).length };
}

describe("placement", () => {
  it("is spelled for ever: another spelling moves the shards of every cluster", () =>
    expect([...plan(upTo(8), named(3))].toSorted((a, b) => a[0] - b[0]).map(([, node]) => node)).to.deep.equal(
      GOLDEN.map((i) => `node-${i}`),
    ));

  it("places nothing without nodes", () => expect(plan(upTo(8), [], [[1, "node-1"]]).size).to.equal(0));

  it("gives every shard to a node, with loads that differ by at most one", () =>
    fc.assert(
      fc.property(shardIds, nodeNames, (shards, nodes) => {
        const placed = plan(shards, nodes);
        expect([...placed.keys()].toSorted((a, b) => a - b)).to.deep.equal(shards.toSorted((a, b) => a - b));
        const loads = loadsOf(placed, nodes);
        expect(Math.max(...loads) - Math.min(...loads)).to.be.at.most(1);
      }),
    ));

  it("does not look at the order of what it is given, nor at what comes twice", () =>
    fc.assert(
      fc.property(shardIds, nodeNames, (shards, nodes) => {
        const other = plan([...shards.toReversed(), ...shards], [...nodes.toReversed(), ...nodes]);
        expect(new Map(other)).to.deep.equal(new Map(plan(shards, nodes)));
      }),
    ));

  const overridden = fc.tuple(shardIds, nodeNames).chain(([shards, nodes]) =>
    fc.record({
      shards: fc.constant(shards),
      nodes: fc.constant(nodes),
      overrides: fc.array(fc.tuple(fc.constantFrom(0, ...shards), fc.constantFrom("gone", ...nodes))),
    }),
  );
  it("follows overrides to a node that is there, and fills the others up evenly", () =>
    fc.assert(
      fc.property(overridden, ({ shards, nodes, overrides }) => {
        const placed = plan(shards, nodes, overrides);
        const asked = new Map(overrides.filter(([shard]) => shards.includes(shard)));
        const fixed = [...asked].filter(([, node]) => nodes.includes(node));
        for (const [shard, node] of fixed) expect(placed.get(shard)).to.equal(node);
        expect(placed.size).to.equal(shards.length);
        const loads = loadsOf(placed, nodes);
        const pinned = loadsOf(new Map(fixed), nodes);
        const lowest = Math.min(...loads);
        for (const [i, load] of loads.entries()) expect(load).to.be.at.most(Math.max(lowest + 1, pinned[i] ?? 0));
      }),
    ));

  it("moves a node's own shards when it leaves, and at most a share and one for each node of the others'", () =>
    fc.assert(
      fc.property(shardIds, nodeNames, (shards, nodes) => {
        const [gone, ...rest] = nodes;
        if (gone === undefined || rest.length === 0) return;
        const { others } = moved(plan(shards, nodes), plan(shards, rest), gone);
        expect(others).to.be.at.most(Math.ceil(shards.length / nodes.length) + nodes.length);
      }),
    ));

  it("moves few others on the whole: for ten shards that must move, three that need not", () => {
    let [own, others] = [0, 0];
    for (const shards of [8, 12, 16, 24, 32, 64])
      for (let count = 2; count <= 9; count++)
        for (const node of named(count)) {
          const rest = named(count).filter((one) => one !== node);
          const left = moved(plan(upTo(shards), named(count)), plan(upTo(shards), rest), node);
          const came = moved(plan(upTo(shards), rest), plan(upTo(shards), named(count)), node);
          expect(came).to.deep.equal(left);
          expect(left.others, `${shards} shards, ${node} of ${count}`).to.be.at.most(Math.ceil(shards / count) + 2);
          own += left.own;
          others += left.others;
        }
    expect(others / own).to.be.below(0.3);
  });
});
