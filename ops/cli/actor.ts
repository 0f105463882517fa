/** `payctl actor …`: the live single writers of the shards. */
import type { Command } from "commander";
import type { ActorItem } from "../../cluster/index.ts";
import { INSPECTION_VIEW } from "./actor-text.ts";
import type { AdminOptions, CommandWorld } from "./admin.ts";
import { ageText } from "./ages.ts";
import { addLocalOption } from "./cluster.ts";
import { CommandFailure } from "./failures.ts";
import { addLookCommand, readShard } from "./look-command.ts";
import { tableView } from "./views.ts";

interface ListOptions extends AdminOptions {
  readonly local?: boolean;
  readonly node?: string;
}
interface InspectOptions extends AdminOptions {
  readonly node?: string;
}

/** Exported for its golden test. */
export const ACTOR_VIEW = tableView<ActorItem>(
  ({ shard, node }) => `${shard}@${node}`,
  [
    { title: "SHARD", of: ({ shard }) => String(shard) },
    { title: "NODE", of: ({ node }) => node },
    { title: "MODE", of: ({ mode }) => mode, isState: true },
    { title: "EPOCH", of: ({ epoch }) => epoch ?? "-" },
    { title: "MAILBOX", of: ({ mailbox_depth }) => String(mailbox_depth) },
    { title: "OPEN", of: ({ open_operations }) => String(open_operations) },
    { title: "IN DOUBT", of: ({ in_doubt }) => String(in_doubt) },
    { title: "OLDEST", of: ({ oldest_doubt_at }, nowMs) => ageText(oldest_doubt_at, nowMs) },
    { title: "PAYMENTS", of: ({ payments_in_memory }) => String(payments_in_memory), isWide: true },
    { title: "NOTICES", of: ({ notices_waiting }) => String(notices_waiting), isWide: true },
    { title: "LAST SEQ", of: ({ last_seq }) => last_seq, isWide: true },
  ],
);

/** Adds the noun to the tree. */
export function addActorCommands(program: Command, world: CommandWorld): void {
  const actor = program.command("actor").description("look into the actors that own the shards");
  addLookCommand<ListOptions>(actor, world, {
    usage: "list",
    description: "list the actors of all nodes",
    examples: [
      "actor list",
      "actor list --node node-2 -o wide",
      "actor list -o jsonl | jq 'select(.mode != \"serving\")'",
    ],
    operation: "actor.list",
    view: ACTOR_VIEW,
    addOptions: (command) => addLocalOption(command).option("--node <name>", "only those of this node"),
    argumentsOf: (_, { local, node }) => ({ ...(local === true && { local }), ...(node !== undefined && { node }) }),
  });
  const inspection = {
    operation: "actor.inspect",
    view: INSPECTION_VIEW,
    addOptions: (command: Command): Command =>
      command.option("--node <name>", "the actor on this node (default: on the shard's owner)"),
  };
  const argumentsOf = ([text]: readonly string[], node: string | undefined, compare: boolean) => {
    const shard = readShard(text);
    if (Number.isNaN(shard))
      throw new CommandFailure("usage", `${text} is no shard; it is a number, as npx payctl shard list shows`);
    return { shard, compare, ...(node !== undefined && { node }) };
  };
  addLookCommand<InspectOptions>(actor, world, {
    ...inspection,
    usage: "inspect <shard>",
    description: "show an actor's memory beside its database, and what differs",
    examples: ["actor inspect 0", "actor inspect 0 -o json | jq '.items[0].operations[] | select(.needs_review)'"],
    argumentsOf: (words, { node }) => argumentsOf(words, node, true),
  });
  addLookCommand<InspectOptions>(actor, world, {
    ...inspection,
    usage: "watch <shard>",
    description: "watch an actor's memory; its database is left alone",
    examples: ["actor watch 0", "actor watch 0 --interval 1 | jq '.items[0].mailbox_depth'"],
    argumentsOf: (words, { node }) => argumentsOf(words, node, false),
    isAlwaysWatching: true,
  });
}
