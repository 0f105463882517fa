/** Operations that look at the cluster as a whole. */
import Type, { type Static } from "typebox";
import { actorsOfAll } from "./actors-of-all.ts";
import { clusterProblems } from "./cluster-problems.ts";
import { nodeItem } from "./items.ts";
import { type AdminCall, look } from "./operation.ts";
import { type AdminRefusal, refused } from "./question.ts";
import { type ClusterLook, stateOf, timeOf } from "./world.ts";

const strict = { additionalProperties: false } as const;
export const NodeName = Type.String({ pattern: "^[a-z0-9][a-z0-9-]{0,40}$" });
export const ShardNumber = Type.Integer({ minimum: 0, maximum: 65_535 });
/** Whose actors are asked for: one node's, only those of the node that is asked, or all. */
const OnlyNode = Type.Object({ node: Type.Optional(NodeName), local: Type.Optional(Type.Boolean()) }, strict);
type OnlyNode = Static<typeof OnlyNode>;
const onlyOf = ({ world }: AdminCall, { node, local }: OnlyNode): string | undefined =>
  local === true ? world.node : node;

/** A name that nobody bears is refused. */
const isUnknown = ({ world }: AdminCall, only: string | undefined): only is string =>
  only !== undefined && only !== world.node && !world.view().cluster.nodes.some(({ name }) => name === only);
const noNode = (name: string): AdminRefusal =>
  refused("notFound", `there is no node ${name}; npx payctl node list shows all`);

/** A view that was not read for so long is said to be old. */
const OLD_VIEW_MS = 5_000;

/** What everybody who is shown the view must know. */
export function viewNotes({ world }: AdminCall): readonly string[] {
  const { readAgoMs } = world.view();
  if (readAgoMs < OLD_VIEW_MS) return [];
  const seconds = Math.round(readAgoMs / 1_000);
  return [`view of node ${world.node}: the control database has not answered for ${seconds} s; this was so before`];
}

export const nodeList = look(Type.Object({}, strict), async (call) => {
  const { cluster, readAgoMs } = call.world.view();
  const items = cluster.nodes.map((node) => nodeItem(node, cluster, call.nowMs - readAgoMs));
  return { ok: true, kind: "Node", items, notes: viewNotes(call) };
});

export const shardList = look(OnlyNode, async (call, which) => {
  const only = onlyOf(call, which);
  const { cluster } = call.world.view();
  const { actors, notes } = await actorsOfAll(call, only);
  const items = cluster.shards.map(({ id, state }) => {
    const assigned = cluster.assignments.find(({ shard }) => shard === id);
    const actor = actors.find((one) => one.shard === id && one.node === assigned?.node);
    return {
      shard: id,
      state,
      node: assigned?.node ?? null,
      generation: assigned === undefined ? null : String(assigned.generation),
      override: cluster.overrides.find(({ shard }) => shard === id)?.node ?? null,
      mode: actor?.mode ?? null,
      epoch: actor?.epoch ?? null,
      last_seq: actor?.last_seq ?? null,
      mailbox_depth: actor?.mailbox_depth ?? null,
      open_operations: actor?.open_operations ?? null,
      in_doubt: actor?.in_doubt ?? null,
    };
  });
  return { ok: true, kind: "Shard", items, notes: [...viewNotes(call), ...notes] };
});

export const actorList = look(OnlyNode, async (call, which) => {
  const only = onlyOf(call, which);
  if (isUnknown(call, only)) return noNode(only);
  const { actors, notes } = await actorsOfAll(call, only);
  return { ok: true, kind: "Actor", items: actors, notes };
});

/** Whoever asks one node alone cannot judge the shards of the others. */
const withShardsOf = (node: string, cluster: ClusterLook): ClusterLook => ({
  ...cluster,
  shards: cluster.shards.filter(({ id }) => cluster.assignments.some((one) => one.shard === id && one.node === node)),
});

/** Of one node: nodes and leader as it sees them, and the shards that are assigned to it. */
export const clusterStatus = look(OnlyNode, async (call, which) => {
  const only = onlyOf(call, which);
  if (isUnknown(call, only)) return noNode(only);
  const view = call.world.view();
  const { readAgoMs } = view;
  const cluster = only === undefined ? view.cluster : withShardsOf(only, view.cluster);
  const { actors, notes } = await actorsOfAll(call, only);
  const readAtMs = call.nowMs - readAgoMs;
  const { leader, nodes, shards } = cluster;
  const count = (state: string): number => nodes.filter((node) => stateOf(node) === state).length;
  const problems = clusterProblems(cluster, actors, readAgoMs >= OLD_VIEW_MS ? readAgoMs : null);
  const sum = (of: "open_operations" | "in_doubt"): number => actors.reduce((total, one) => total + one[of], 0);
  const served = new Set(actors.filter(({ mode }) => mode === "serving").map(({ shard }) => shard));
  const item = {
    healthy: problems.length === 0,
    problems,
    view_at: timeOf(readAtMs),
    leader:
      leader === null ? null : { node: leader.node, term: leader.term, expires_at: timeOf(readAtMs + leader.leftMs) },
    nodes: { up: count("UP"), draining: count("DRAINING") + count("LEAVING"), down: count("DOWN") },
    shards: { total: shards.length, served: shards.filter(({ id }) => served.has(id)).length },
    slot_map_version: cluster.slotMapVersion,
    operations: { open: sum("open_operations"), in_doubt: sum("in_doubt") },
  };
  const nextSteps = problems.length === 0 ? [] : ["npx payctl node list --watch", "npx payctl shard list"];
  return { ok: true, kind: "ClusterStatus", items: [item], nextSteps, notes: [...viewNotes(call), ...notes] };
});
