/** Operations about one shard: where an id leads, and a look into the actor there. */
import Type from "typebox";
import { actorsOfAll } from "./actors-of-all.ts";
import { shareOf } from "./asker.ts";
import { inspectionItem } from "./items.ts";
import { NodeName, ShardNumber, viewNotes } from "./looks.ts";
import { look } from "./operation.ts";
import { refused } from "./question.ts";
import { isThere, stateOf } from "./world.ts";

const strict = { additionalProperties: false } as const;

export const locate = look(
  Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) }, strict),
  async (call, { id }) => {
    const { world } = call;
    const slot = world.slotOf(id);
    if (slot === undefined)
      return refused(
        "usage",
        `${id} is no id: it begins with pay_, ref_, op_, evt_ or mer_ and has 26 characters behind it`,
      );
    const { cluster } = world.view();
    const shard = world.shardOfSlot(slot) ?? null;
    const assigned = cluster.assignments.find((one) => one.shard === shard);
    const owner = cluster.nodes.find(({ name }) => name === assigned?.node);
    const { actors, notes } =
      assigned === undefined || owner === undefined || !isThere(owner)
        ? { actors: [], notes: [] }
        : await actorsOfAll(call, assigned.node);
    const actor = actors.find((one) => one.shard === shard);
    const item = {
      id,
      slot,
      shard,
      node: assigned?.node ?? null,
      node_state: owner === undefined ? null : stateOf(owner),
      generation: assigned === undefined ? null : String(assigned.generation),
      epoch: actor?.epoch ?? null,
      mode: actor?.mode ?? null,
    };
    const nextSteps = [
      ...(shard === null ? [] : [`npx payctl actor inspect ${shard}`]),
      ...(id.startsWith("pay_") || id.startsWith("ref_") || id.startsWith("op_")
        ? [`npx payctl payment why ${id}`]
        : []),
    ];
    return { ok: true, kind: "Location", items: [item], nextSteps, notes: [...viewNotes(call), ...notes] };
  },
);

export const actorInspect = look(
  Type.Object({ shard: ShardNumber, node: Type.Optional(NodeName), compare: Type.Optional(Type.Boolean()) }, strict),
  async (call, { shard, node, compare = true }) => {
    const { world, isForwarded } = call;
    const { assignments, nodes } = world.view().cluster;
    const owner = node ?? assignments.find((one) => one.shard === shard)?.node;
    if (owner === undefined)
      return refused("notFound", `shard ${shard} has no owner; npx payctl shard list shows all shards`);
    if (owner === world.node || isForwarded) {
      const inspection = await world.inspect(shard, compare, shareOf(call.leftMs()));
      if (inspection !== undefined)
        return {
          ok: true,
          kind: "ActorInspection",
          items: [inspectionItem(inspection, world.node)],
          notes: inspection.note === null ? [] : [inspection.note],
        };
      return refused("notFound", `node ${world.node} has no actor of shard ${shard}, or its thread does not answer`);
    }
    if (!nodes.some(({ name }) => name === owner))
      return refused("notFound", `there is no node ${owner}; npx payctl node list shows all`);
    return await call.ask(owner, "actor.inspect", { shard, node: owner, compare });
  },
);
