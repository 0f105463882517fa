/** `payctl cluster …`: the state of the whole. */
import type { Command } from "commander";
import type { AdminOptions, CommandWorld } from "./admin.ts";
import { durationText } from "./ages.ts";
import { CommandFailure } from "./failures.ts";
import { addLookCommand } from "./look-command.ts";
import { type Drawing, paintState, type View } from "./views.ts";

interface StatusItem {
  readonly healthy: boolean;
  readonly problems: readonly string[];
  readonly view_at: string;
  readonly leader: { readonly node: string; readonly term: string; readonly expires_at: string } | null;
  readonly nodes: { readonly up: number; readonly draining: number; readonly down: number };
  readonly shards: { readonly total: number; readonly served: number };
  readonly slot_map_version: string;
  readonly operations: { readonly open: number; readonly in_doubt: number };
}
interface StatusOptions extends AdminOptions {
  readonly local?: boolean;
}

/** Exported for its golden test. */
export const STATUS_VIEW: View = {
  nameOf: (item) => ((item as StatusItem).healthy ? "healthy" : "unhealthy"),
  textOf: (items, drawing) => items.map((item) => statusText(item as StatusItem, drawing)).join("\n"),
};

function statusText(item: StatusItem, drawing: Drawing): string {
  const { nodes, shards, leader, operations } = item;
  const lines: readonly (readonly [name: string, value: string])[] = [
    ["State", paintState(item.healthy ? "healthy" : "UNHEALTHY", drawing)],
    ["Nodes", `${nodes.up} UP, ${nodes.draining} DRAINING, ${nodes.down} DOWN`],
    ["Shards", `${shards.served} of ${shards.total} served`],
    ["Leader", leader === null ? "none" : `${leader.node} (term ${leader.term})`],
    ["Operations", `${operations.open} open, ${operations.in_doubt} in doubt`],
    ["Slot map", `version ${item.slot_map_version}`],
    ["View", `${durationText(drawing.nowMs - Date.parse(item.view_at))} old`],
    ...item.problems.map((problem) => ["Problem", problem] as const),
  ];
  return lines.map(([name, value]) => `${name.padEnd(12)}${value}`).join("\n");
}

/** Adds the noun to the tree. */
export function addClusterCommands(program: Command, world: CommandWorld): void {
  const cluster = program.command("cluster").description("see how the cluster is");
  addLookCommand<StatusOptions>(cluster, world, {
    usage: "status",
    description: "show leader, nodes, shards and what is wrong; exit code 6 when something is",
    examples: ["cluster status", "cluster status --watch", "cluster status -o json | jq '.items[0].problems'"],
    operation: "cluster.status",
    view: STATUS_VIEW,
    addOptions: addLocalOption,
    argumentsOf: (_, { local }) => (local === true ? { local } : {}),
    judge: ({ items }) => {
      const problems = items.flatMap((item) => (item as StatusItem).problems);
      if (problems.length > 0)
        throw new CommandFailure("checkFailed", `the cluster is not well: ${problems.length} problem(s)`);
    },
  });
}

/** For lists that ask every node. */
export const addLocalOption = (command: Command): Command =>
  command.option("--local", "ask one node about itself and no other: its own view");
