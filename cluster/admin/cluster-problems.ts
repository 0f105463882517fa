/** What is wrong with a cluster, in words: pure, from the view and the actors that answered. */
import type { ActorItem } from "./items.ts";
import { type ClusterLook, type NodeLook, stateOf } from "./world.ts";

/** A node that has nothing to do and was silent for longer is not missed: nobody started it again. */
const MISSED_FOR_MS = 3_600_000;

/** One sentence each. `oldViewMs`: the view's age when it is too old to judge nodes by; null: it is fresh. */
export function clusterProblems(
  cluster: ClusterLook,
  actors: readonly ActorItem[],
  oldViewMs: number | null,
): readonly string[] {
  const { nodes, shards, assignments, leader } = cluster;
  const found: string[] = [];
  if (oldViewMs !== null) found.push(`the control database has not answered for ${Math.round(oldViewMs / 1_000)} s`);
  else {
    for (const node of nodes)
      if (stateOf(node) === "DOWN" && isMissed(node, cluster))
        found.push(`node ${node.name} is DOWN: no heartbeat for ${seconds(node.ageMs)} s`);
    if (leader === null || leader.leftMs <= 0) found.push("no node leads: shards are not reassigned");
  }
  for (const { id, state } of shards) {
    const assigned = assignments.find(({ shard }) => shard === id)?.node;
    const mine = actors.filter(({ shard }) => shard === id);
    const serving = mine.filter(({ mode }) => mode === "serving");
    if (state === "lost_tail") found.push(`shard ${id} lost the end of its journal: it is not served`);
    else if (assigned === undefined) found.push(`shard ${id} has no owner`);
    else if (serving.length === 0)
      found.push(
        `shard ${id} is not served: ${assigned} has it ${mine.find(isOf(assigned))?.mode ?? "and says nothing"}`,
      );
    if (serving.length > 1) found.push(`shard ${id} is served twice: ${serving.map(ownerAndEpoch).join(" and ")}`);
  }
  return found;
}

const isMissed = ({ name, ageMs }: NodeLook, { assignments }: ClusterLook): boolean =>
  ageMs <= MISSED_FOR_MS || assignments.some(({ node }) => node === name);
const seconds = (ms: number): number => Math.round(ms / 1_000);
const isOf = (node: string) => (actor: ActorItem) => actor.node === node;
const ownerAndEpoch = ({ node, epoch }: ActorItem): string => `${node} (epoch ${epoch ?? "none"})`;
