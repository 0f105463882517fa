/** The actors of every node, each asked at the same time; those that do not answer are named. */
import type { AdminCall } from "./operation.ts";
import { type ActorItem, actorItem } from "./items.ts";
import { isThere } from "./world.ts";

export interface AllActors {
  /** By shard, then by node: of a shard that is being moved two nodes may have one. */
  readonly actors: readonly ActorItem[];
  readonly notes: readonly string[];
}

/** `only`: this node alone; undefined: all that are not down. */
export async function actorsOfAll(call: AdminCall, only?: string): Promise<AllActors> {
  const { world, isForwarded } = call;
  const { nodes } = world.view().cluster;
  const asked = isForwarded ? [world.node] : nodes.filter(isThere).map(({ name }) => name);
  const names = only === undefined ? new Set([world.node, ...asked]) : [only];
  const answers = await Promise.all([...names].map((name) => actorsOf(call, name)));
  return {
    actors: answers.flatMap(({ actors }) => actors).sort((a, b) => a.shard - b.shard || (a.node < b.node ? -1 : 1)),
    notes: answers.flatMap(({ notes }) => notes),
  };
}

async function actorsOf(call: AdminCall, node: string): Promise<AllActors> {
  const { world, nowMs } = call;
  if (node === world.node) {
    const snapshots = await world.snapshots();
    return { actors: snapshots.map((one) => actorItem(one, node, nowMs)), notes: [] };
  }
  const answer = await call.ask(node, "actor.list", { node });
  // Of our own making, whatever release the other node runs: members are only ever added.
  if (answer.ok) return { actors: answer.items as readonly ActorItem[], notes: answer.notes };
  return { actors: [], notes: [`${node} was asked and did not tell: ${answer.message}`] };
}
