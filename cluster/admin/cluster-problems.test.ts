/** What is told of a cluster that is not well. */
import { expect } from "chai";
import { clusterProblems } from "./cluster-problems.ts";
import type { ActorItem } from "./items.ts";
import type { ClusterLook, NodeLook } from "./world.ts";

const node = (name: string, more: Partial<NodeLook> = {}): NodeLook => ({
  name,
  apiAddress: "",
  version: "",
  process: `process of ${name}`,
  leaving: false,
  draining: false,
  ageMs: 500,
  upMs: 60_000,
  serving: [],
  ...more,
});
const actor = (shard: number, on: string, mode = "serving", epoch = "3"): ActorItem => ({
  shard,
  node: on,
  mode,
  epoch,
  last_seq: "1",
  mailbox_depth: 0,
  open_operations: 0,
  in_doubt: 0,
  oldest_doubt_at: null,
  payments_in_memory: 0,
  notices_waiting: 0,
});
const cluster = (more: Partial<ClusterLook> = {}): ClusterLook => ({
  nodes: [node("node-1"), node("node-2")],
  assignments: [{ shard: 0, node: "node-1", generation: 4n }],
  overrides: [],
  leader: { node: "node-1", term: 2n, leftMs: 2_000 },
  shards: [{ id: 0, state: "active" }],
  gatewayStops: [],
  slotMapVersion: 1n,
  ...more,
});

describe("the problems of a cluster", () => {
  const served = [actor(0, "node-1")];
  const cases: readonly (readonly [
    what: string,
    ClusterLook,
    readonly ActorItem[],
    oldViewMs: number | null,
    problems: readonly string[],
  ])[] = [
    ["none", cluster(), served, null, []],
    [
      "a node without a heartbeat",
      cluster({ nodes: [node("node-1"), node("node-2", { ageMs: 12_300 })] }),
      served,
      null,
      ["node node-2 is DOWN: no heartbeat for 12 s"],
    ],
    [
      "a node that left in order is none",
      cluster({ nodes: [node("node-1"), node("node-2", { ageMs: 12_300, process: "" })] }),
      served,
      null,
      [],
    ],
    [
      "a node without a heartbeat for just an hour",
      cluster({ nodes: [node("node-1"), node("node-2", { ageMs: 3_600_000 })] }),
      served,
      null,
      ["node node-2 is DOWN: no heartbeat for 3600 s"],
    ],
    [
      "a node that nobody misses is none",
      cluster({ nodes: [node("node-1"), node("node-2", { ageMs: 3_600_001 })] }),
      served,
      null,
      [],
    ],
    [
      "a node that still has a shard is missed for ever",
      cluster({
        nodes: [node("node-1"), node("node-2", { ageMs: 90_000_000 })],
        assignments: [{ shard: 0, node: "node-2", generation: 4n }],
      }),
      [actor(0, "node-2")],
      null,
      ["node node-2 is DOWN: no heartbeat for 90000 s"],
    ],
    ["no leader", cluster({ leader: null }), served, null, ["no node leads: shards are not reassigned"]],
    [
      "a leader whose lease ran out",
      cluster({ leader: { node: "node-1", term: 2n, leftMs: -1 } }),
      served,
      null,
      ["no node leads: shards are not reassigned"],
    ],
    [
      "a control database that is away: nobody's heartbeat is judged",
      cluster({ nodes: [node("node-1", { ageMs: 9_000 })], leader: null }),
      served,
      31_000,
      ["the control database has not answered for 31 s"],
    ],
    ["a shard without an owner", cluster({ assignments: [] }), [], null, ["shard 0 has no owner"]],
    ["an owner that says nothing", cluster(), [], null, ["shard 0 is not served: node-1 has it and says nothing"]],
    [
      "an actor that does not serve",
      cluster(),
      [actor(0, "node-1", "activating")],
      null,
      ["shard 0 is not served: node-1 has it activating"],
    ],
    [
      "two that serve",
      cluster(),
      [...served, actor(0, "node-2", "serving", "4")],
      null,
      ["shard 0 is served twice: node-1 (epoch 3) and node-2 (epoch 4)"],
    ],
    [
      "a tail that is lost",
      cluster({ shards: [{ id: 0, state: "lost_tail" }] }),
      [],
      null,
      ["shard 0 lost the end of its journal: it is not served"],
    ],
  ];
  for (const [what, look, actors, oldViewMs, problems] of cases)
    it(`are told: ${what}`, () => expect(clusterProblems(look, actors, oldViewMs)).to.deep.equal(problems));
});
