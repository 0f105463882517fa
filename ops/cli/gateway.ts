/** `payctl gateway …`: the accounts at gateways, and taking them out of use while something is wrong there. */
import type { Command } from "commander";
import type { GatewayItem } from "../../cluster/index.ts";
import { addAdminOptions, type AdminOptions, type CommandWorld, openAdmin } from "./admin.ts";
import { ageText } from "./ages.ts";
import { confirm, type ConfirmOptions, DANGERS } from "./confirm.ts";
import { CommandFailure } from "./failures.ts";
import { addLookCommand, examplesHelp } from "./look-command.ts";
import { printed } from "./printed.ts";
import { tableView } from "./views.ts";
import { showOnce } from "./watching.ts";

interface UseOptions extends AdminOptions, ConfirmOptions {
  readonly reason?: string;
  readonly dryRun?: boolean;
}

const breakersText = ({ breakers }: GatewayItem): string =>
  breakers.length === 0
    ? "closed"
    : breakers.map(({ node, operation, state, threads }) => `${operation} ${state} on ${node} (${threads})`).join(", ");

/** Exported for its golden test. */
export const GATEWAY_VIEW = tableView<GatewayItem>(
  ({ gateway, account }) => `${gateway}:${account}`,
  [
    { title: "GATEWAY", of: ({ gateway }) => gateway },
    { title: "ACCOUNT", of: ({ account }) => printed(account) },
    { title: "STATE", of: ({ enabled }) => (enabled ? "ENABLED" : "DISABLED"), isState: true },
    { title: "SCOPE", of: ({ disabled }) => disabled ?? "-" },
    { title: "SINCE", of: ({ disabled_at }, nowMs) => ageText(disabled_at, nowMs) },
    { title: "BY", of: ({ disabled_by }) => disabled_by ?? "-" },
    { title: "USED", of: ({ used }) => (used ? "yes" : "-"), isWide: true },
    { title: "BREAKERS", of: breakersText },
    { title: "WHY", of: ({ disabled_reason }) => printed(disabled_reason ?? "-") },
  ],
);

/** What a change of an account's use came to. */
interface UseItem {
  readonly gateway: string;
  readonly account: string | null;
  readonly enabled: boolean;
  readonly accounts: readonly string[];
}
const USE_VIEW = tableView<UseItem>(
  ({ gateway, account }) => (account === null ? gateway : `${gateway}:${account}`),
  [
    { title: "GATEWAY", of: ({ gateway }) => gateway },
    { title: "ACCOUNT", of: ({ account }) => printed(account ?? "all") },
    { title: "STATE", of: ({ enabled }) => (enabled ? "ENABLED" : "DISABLED"), isState: true },
    { title: "ACCOUNTS IN USE", of: ({ accounts }) => String(accounts.length) },
  ],
);

const USES = {
  disable: {
    what: (subject: string) => `New charges, captures and refunds at ${subject} are refused, or go to another gateway`,
    description: "take a gateway, or one account there, out of use on all nodes",
    examples: ["gateway disable stripe --reason 'their outage' --yes", "gateway disable stripe acct_1 --dry-run"],
  },
  enable: {
    what: (subject: string) => `${subject} is used again`,
    description: "bring a gateway, or one account there, back into use",
    examples: ["gateway enable stripe --reason 'outage is over'", "gateway enable stripe acct_1 --dry-run -o json"],
  },
} as const;

/** Adds the noun to the tree. */
export function addGatewayCommands(program: Command, world: CommandWorld): void {
  const gateway = program.command("gateway").description("see gateways, and take them out of use");
  addLookCommand(gateway, world, {
    usage: "list",
    description: "list the accounts at gateways: in use or not, by whom and why, and open circuit breakers",
    examples: ["gateway list", "gateway list --watch", "gateway list -o json | jq '.items[] | select(.enabled | not)'"],
    operation: "gateway.list",
    view: GATEWAY_VIEW,
    argumentsOf: () => ({}),
  });
  for (const verb of ["disable", "enable"] as const) {
    const { description, examples } = USES[verb];
    const command = addAdminOptions(
      gateway.command(`${verb} <gateway> [account]`).description(description),
      world.dataDir,
    )
      .option("--reason <text>", "why, for the audit trail; needed unless --dry-run")
      .option("--dry-run", "say what would happen, and change nothing");
    if (DANGERS[`gateway ${verb}`] === "moderate") command.option("-y, --yes", "do not ask");
    command
      .addHelpText("after", examplesHelp(examples))
      .action(async (name: string, account: string | undefined, options: UseOptions) =>
        setUse(world, verb, { gateway: name, ...(account !== undefined && { account }) }, options),
      );
  }
}

async function setUse(
  world: CommandWorld,
  verb: keyof typeof USES,
  which: { readonly gateway: string; readonly account?: string },
  options: UseOptions,
): Promise<void> {
  const { terminal } = world;
  const isDryRun = options.dryRun === true;
  const hasReason = isDryRun || (options.reason ?? "").trim() !== "";
  const noReason = (): CommandFailure =>
    new CommandFailure("usage", `gateway ${verb} needs --reason: it is kept in the audit trail`);
  if (!hasReason && terminal.canAsk) throw noReason(); // before anything is asked
  const name = [which.gateway, which.account].filter((word) => word !== undefined).join(" ");
  const danger = DANGERS[`gateway ${verb}`] ?? "severe";
  if (!isDryRun) await confirm(terminal, danger, { name, what: USES[verb].what(printed(name)) }, options);
  if (!hasReason) throw noReason();
  const admin = openAdmin(options, world);
  try {
    const args = { ...which, ...(isDryRun && { dryRun: true }) };
    showOnce(terminal, await admin.ask(`gateway.${verb}`, args, options.reason), USE_VIEW, options);
  } finally {
    admin.close();
  }
}
