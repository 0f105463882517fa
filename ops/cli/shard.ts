/** `payctl shard …`: who owns each shard, and how its actor is. */
import type { Command } from "commander";
import type { AdminOptions, CommandWorld } from "./admin.ts";
import { addLocalOption } from "./cluster.ts";
import { addLookCommand } from "./look-command.ts";
import { tableView } from "./views.ts";

/** What is null was not told: its owner did not answer. */
interface ShardItem {
  readonly shard: number;
  readonly state: string;
  readonly node: string | null;
  readonly generation: string | null;
  readonly override: string | null;
  readonly mode: string | null;
  readonly epoch: string | null;
  readonly last_seq: string | null;
  readonly mailbox_depth: number | null;
  readonly open_operations: number | null;
  readonly in_doubt: number | null;
}
interface ListOptions extends AdminOptions {
  readonly local?: boolean;
}

const shown = (value: string | number | null): string => (value === null ? "-" : String(value));

/** Exported for its golden test. */
export const SHARD_VIEW = tableView<ShardItem>(
  ({ shard }) => String(shard),
  [
    { title: "SHARD", of: ({ shard }) => String(shard) },
    { title: "NODE", of: ({ node }) => shown(node) },
    { title: "MODE", of: ({ mode }) => shown(mode), isState: true },
    { title: "EPOCH", of: ({ epoch }) => shown(epoch) },
    { title: "MAILBOX", of: ({ mailbox_depth }) => shown(mailbox_depth) },
    { title: "OPEN", of: ({ open_operations }) => shown(open_operations) },
    { title: "IN DOUBT", of: ({ in_doubt }) => shown(in_doubt) },
    { title: "STATE", of: ({ state }) => state, isWide: true, isState: true },
    { title: "GENERATION", of: ({ generation }) => shown(generation), isWide: true },
    { title: "OVERRIDE", of: ({ override }) => shown(override), isWide: true },
    { title: "LAST SEQ", of: ({ last_seq }) => shown(last_seq), isWide: true },
  ],
);

/** Adds the noun to the tree. */
export function addShardCommands(program: Command, world: CommandWorld): void {
  const shard = program.command("shard").description("see shards and their owners");
  addLookCommand<ListOptions>(shard, world, {
    usage: "list",
    description: "list the shards, who owns them and how they are",
    examples: [
      "shard list",
      "shard list --watch --interval 1",
      "shard list -o json | jq '.items[] | select(.in_doubt > 0)'",
    ],
    operation: "shard.list",
    view: SHARD_VIEW,
    addOptions: addLocalOption,
    argumentsOf: (_, { local }) => (local === true ? { local } : {}),
  });
}
