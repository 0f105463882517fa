/** Operations that empty a node of shards, and let it have shards again. */
import Type, { type Static } from "typebox";
import { nodeItem } from "./items.ts";
import { NodeName, viewNotes } from "./looks.ts";
import { type AdminCall, type Change, change } from "./operation.ts";
import { type AdminExit, type AdminRefusal, refused } from "./question.ts";
import { stateOf } from "./world.ts";

const Draining = Type.Object(
  { node: NodeName, dryRun: Type.Optional(Type.Boolean()) },
  { additionalProperties: false },
);

/** Its shards go to other nodes, a few at a time; it serves them until then. */
export const nodeDrain = change(Draining, async (call, args) => {
  const { nodes } = call.world.view().cluster;
  const others = nodes.filter((node) => node.name !== args.node && stateOf(node) === "UP");
  if (others.length === 0 && nodes.some(({ name }) => name === args.node))
    return refusedBy(call, "conflict", `no other node is UP: the shards of ${args.node} would have nowhere to go`);
  return setDraining(call, args, true);
});

export const nodeUndrain = change(Draining, async (call, args) => setDraining(call, args, false));

/** A refusal that an old view may be to blame for says so. */
const refusedBy = (call: AdminCall, exit: AdminExit, why: string): AdminRefusal =>
  refused(exit, [why, ...viewNotes(call)].join("; "));

/** Whether it is so already is for the database to say: the view may be old. Only a rehearsal goes by the view. */
function setDraining(
  call: AdminCall,
  { node: name, dryRun = false }: Static<typeof Draining>,
  draining: boolean,
): Change | AdminRefusal {
  const { world, nowMs } = call;
  const { cluster, readAgoMs } = world.view();
  const node = cluster.nodes.find((one) => one.name === name);
  if (node === undefined)
    return refusedBy(call, "notFound", `there is no node ${name}; npx payctl node list shows all`);
  const shown = dryRun ? node : { ...node, draining };
  const item = nodeItem(shown, cluster, nowMs - readAgoMs);
  const { shards_assigned: shards } = item;
  const words = shards.length === 0 ? "It has no shard." : `It has ${shards.length}: ${shards.join(", ")}.`;
  const rehearsed =
    node.draining === draining
      ? `dry run: ${name} is ${draining ? "draining" : "not draining"} already`
      : `dry run: ${name} would ${draining ? "give its shards to others" : "be given shards again"}. ${words}`;
  return {
    subject: name,
    apply: dryRun ? null : (by) => world.setDraining(name, draining, by),
    found: {
      ok: true,
      kind: "Node",
      items: [item],
      notes: [...(dryRun ? [rehearsed] : []), ...viewNotes(call)],
      nextSteps: dryRun
        ? []
        : ["npx payctl node list --watch", ...(draining ? [`npx payctl node undrain ${name}`] : [])],
    },
  };
}
