/** `payctl node …`: the processes of the cluster; emptying one of shards before it is stopped. */
import type { Command } from "commander";
import type { NodeItem } from "../../cluster/index.ts";
import { addAdminOptions, type AdminOptions, type CommandWorld, openAdmin } from "./admin.ts";
import { ageText } from "./ages.ts";
import { confirm, type ConfirmOptions, DANGERS } from "./confirm.ts";
import { CommandFailure } from "./failures.ts";
import { addLookCommand, examplesHelp } from "./look-command.ts";
import { tableView } from "./views.ts";
import { showOnce } from "./watching.ts";

interface DrainOptions extends AdminOptions, ConfirmOptions {
  readonly reason?: string;
  readonly dryRun?: boolean;
}

const numbers = (shards: readonly number[]): string => (shards.length === 0 ? "-" : shards.join(","));

/** Exported for its golden test. */
export const NODE_VIEW = tableView<NodeItem>(
  ({ name }) => name,
  [
    { title: "NAME", of: ({ name }) => name },
    { title: "STATE", of: ({ state }) => state, isState: true },
    { title: "LEADER", of: ({ leader }) => (leader ? "yes" : "-") },
    { title: "ASSIGNED", of: ({ shards_assigned }) => numbers(shards_assigned) },
    { title: "SERVING", of: ({ shards_serving }) => numbers(shards_serving) },
    { title: "HEARTBEAT", of: ({ heartbeat_at }, nowMs) => ageText(heartbeat_at, nowMs) },
    { title: "UP FOR", of: ({ started_at }, nowMs) => ageText(started_at, nowMs) },
    { title: "PID", of: ({ pid }) => String(pid ?? "-"), isWide: true },
    { title: "VERSION", of: ({ version }) => version ?? "-", isWide: true },
    { title: "API", of: ({ api_address }) => api_address || "-", isWide: true },
  ],
);

const DRAINING = {
  drain: {
    what: (node: string) => `All shards of ${node} are given to other nodes`,
    description: "give a node's shards to others; it serves them until they are taken",
    examples: ["node drain node-2 --reason 'new kernel'", "node drain node-2 --dry-run"],
  },
  undrain: {
    what: (node: string) => `${node} is given shards again`,
    description: "let a node have shards again",
    examples: ["node undrain node-2 --reason 'kernel is new'", "node undrain node-2 --dry-run -o json"],
  },
} as const;

const NO_REASON = (verb: string): CommandFailure =>
  new CommandFailure("usage", `node ${verb} needs --reason: it is kept in the audit trail`);

/** Adds the noun to the tree. */
export function addNodeCommands(program: Command, world: CommandWorld): void {
  const node = program.command("node").description("see nodes, and empty them of shards");
  addLookCommand(node, world, {
    usage: "list",
    description: "list the nodes, their state and their shards",
    examples: [
      "node list",
      "node list --watch",
      "node list -o json | jq -r '.items[] | select(.state == \"DOWN\") | .name'",
    ],
    operation: "node.list",
    view: NODE_VIEW,
    argumentsOf: () => ({}),
  });
  for (const verb of ["drain", "undrain"] as const) {
    const { description, examples } = DRAINING[verb];
    const command = addAdminOptions(node.command(`${verb} <node>`).description(description), world.dataDir)
      .option("--reason <text>", "why, for the audit trail; needed unless --dry-run")
      .option("--dry-run", "say what would happen, and change nothing");
    if (DANGERS[`node ${verb}`] === "moderate") command.option("-y, --yes", "do not ask");
    command
      .addHelpText("after", examplesHelp(examples))
      .action(async (name: string, options: DrainOptions) => setDraining(world, verb, name, options));
  }
}

async function setDraining(
  world: CommandWorld,
  verb: keyof typeof DRAINING,
  name: string,
  options: DrainOptions,
): Promise<void> {
  const { terminal } = world;
  const isDryRun = options.dryRun === true;
  const hasReason = isDryRun || (options.reason ?? "").trim() !== "";
  if (!hasReason && terminal.canAsk) throw NO_REASON(verb); // before anything is asked
  if (!isDryRun)
    await confirm(terminal, DANGERS[`node ${verb}`] ?? "severe", { name, what: DRAINING[verb].what(name) }, options);
  if (!hasReason) throw NO_REASON(verb);
  const admin = openAdmin(options, world);
  try {
    const args = { node: name, ...(isDryRun && { dryRun: true }) };
    showOnce(terminal, await admin.ask(`node.${verb}`, args, options.reason), NODE_VIEW, options);
  } finally {
    admin.close();
  }
}
