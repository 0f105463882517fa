/** What a view of the cluster says of its nodes and of each shard's owner: pure. */
import type { AssignmentView, ClusterView, NodeView } from "../storage/index.ts";
import type { OwnerStanding, ShardStanding } from "./placement-changes.ts";

export interface StandingLimits {
  /** A node whose last heartbeat is older counts as dead. */
  readonly deadAfterMs: number;
  /** A node that is up for less is given nothing, unless nobody else lives or it has shards already. */
  readonly joinAfterMs: number;
  /** A shard that its owner does not serve after this long waits for something else than its move. */
  readonly arriveWithinMs: number;
}

/** Bears its name and was heard of lately. */
export const isHeard = (node: NodeView, { deadAfterMs }: StandingLimits): boolean =>
  node.process !== "" && node.ageMs <= deadAfterMs;

/**
 * Nodes that may be given shards. One that was restarted gets its own again at once: waiting would only add to it. Where
 * only draining nodes are left they are better than none.
 */
export function candidatesOf(view: ClusterView, limits: StandingLimits): readonly string[] {
  const heard = view.nodes.filter((node) => isHeard(node, limits));
  const owners = new Set(view.assignments.map(({ node }) => node));
  const staying = heard.filter(({ leaving }) => !leaving);
  const willing = staying.filter(({ draining }) => !draining);
  return (willing.length > 0 ? willing : staying)
    .filter(({ name, upMs }) => upMs >= limits.joinAfterMs || heard.length === 1 || owners.has(name))
    .map(({ name }) => name);
}

/** `judges`: whoever asks has listened for long enough to call a silent node dead. */
function standingOf(
  assignment: AssignmentView | undefined,
  node: NodeView | undefined,
  limits: StandingLimits,
  judges: boolean,
): OwnerStanding {
  if (assignment === undefined) return "none";
  if (node === undefined || node.process !== assignment.process) return "gone";
  if (!isHeard(node, limits)) return judges ? "gone" : "silent";
  return node.draining || node.leaving ? "draining" : "live";
}

/** Every shard of the view as `changesNow` wants to know it. */
export function shardStandings(
  view: ClusterView,
  wanted: ReadonlyMap<number, string>,
  limits: StandingLimits,
  judges: boolean,
): readonly ShardStanding[] {
  const nodes = new Map(view.nodes.map((node) => [node.name, node]));
  const assignments = new Map(view.assignments.map((assignment) => [assignment.shard, assignment]));
  return view.shards.map(({ id }) => {
    const assignment = assignments.get(id);
    const node = assignment === undefined ? undefined : nodes.get(assignment.node);
    return {
      shard: id,
      owner: assignment?.node,
      standing: standingOf(assignment, node, limits, judges),
      isArriving:
        assignment !== undefined && assignment.ageMs < limits.arriveWithinMs && node?.serving.includes(id) !== true,
      wanted: wanted.get(id),
    };
  });
}
