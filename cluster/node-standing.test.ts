import { expect } from "chai";
import type { ClusterView, NodeView } from "../storage/index.ts";
import { candidatesOf, type StandingLimits } from "./node-standing.ts";

const LIMITS: StandingLimits = { deadAfterMs: 3_000, joinAfterMs: 1_000, arriveWithinMs: 15_000 };
const node = (name: string, more: Partial<NodeView> = {}): NodeView => ({
  name,
  address: "",
  apiAddress: "",
  peerAddress: "",
  process: `process of ${name}`,
  version: "1",
  draining: false,
  leaving: false,
  serving: [],
  ageMs: 100,
  upMs: 60_000,
  ...more,
});
const viewOf = (nodes: readonly NodeView[], owner?: string): ClusterView => ({
  nodes,
  assignments: owner === undefined ? [] : [{ shard: 0, node: owner, process: "p", generation: 1n, ageMs: 0 }],
  overrides: [],
  leader: null,
  shards: [],
  gatewayStops: [],
  slotMapVersion: 1n,
});

describe("the nodes that may be given shards", () => {
  const draining = { draining: true };
  const young = { upMs: 10 };
  const cases: readonly (readonly [
    why: string,
    nodes: readonly NodeView[],
    owner: string | undefined,
    names: string,
  ])[] = [
    ["are those that live", [node("a"), node("b", { ageMs: 9_000 }), node("c", { process: "" })], undefined, "a"],
    ["are not those that go", [node("a"), node("b", draining), node("c", { leaving: true })], undefined, "a"],
    [
      "are draining ones where there are no others",
      [node("a", draining), node("b", { leaving: true })],
      undefined,
      "a",
    ],
    ["are never those whose process ends", [node("a", { leaving: true })], undefined, ""],
    ["are young ones only when nobody else lives", [node("a", young), node("b")], undefined, "b"],
    ["are a young one alone", [node("a", young)], undefined, "a"],
    ["are a young one that has shards", [node("a", young), node("b")], "a", "a b"],
  ];
  for (const [why, nodes, owner, names] of cases)
    it(why, () => expect(candidatesOf(viewOf(nodes, owner), LIMITS).join(" ")).to.equal(names));
});
