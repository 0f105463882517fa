/** `payctl verify`: whether databases, charge logs and API of a running cluster agree (faults.md §3). It changes nothing. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { GatewayName } from "../../actors/domain/index.ts";
import type { VerifyReport, VerifySite } from "../verify/verify.ts";
import { renderJson } from "./answers.ts";
import { addControlOptions, type ControlOptions, withControl } from "./control.ts";
import { CommandFailure } from "./failures.ts";
import { openSandbox } from "./sandbox-access.ts";
import { shardsBehind } from "./shard-databases.ts";
import { allHold, verdictItem, verdictLines } from "./verdicts.ts";

interface VerifyOptions extends ControlOptions {
  readonly controlDsn?: string;
  readonly chargeLog?: readonly string[];
  readonly chains: "all" | "sample" | "none";
  readonly grace: number;
  readonly within: number;
  readonly silent?: readonly GatewayName[];
  readonly api: boolean;
}

/** Between two looks while something is broken. */
const LOOK_EVERY_MS = 2_000;
const SECONDS_MAX = 86_400;

/** Adds the command to the tree. `print` gets data only, `say` talk. */
export function addVerifyCommand(
  program: Command,
  defaultDataDir: string,
  print: (text: string) => void,
  say: (text: string) => void,
): void {
  addControlOptions(
    program.command("verify").description("check that books, charge logs and API agree"),
    defaultDataDir,
  )
    .option("--control-dsn <dsn>", "control database of the cluster, instead of the sandbox's")
    .option("--charge-log <file>", "what took place at a gateway; repeatable (default: the sandbox's)", collect)
    .addOption(
      new Option("--chains <which>", "payments whose rows are hashed anew")
        .choices(["all", "sample", "none"])
        .default("sample"),
    )
    .option("--grace <seconds>", "how long anything may be under way", readSeconds, 120)
    .option("--within <seconds>", "look again until all holds, so long at most", readSeconds, 0)
    .addOption(
      new Option("--silent <gateway>", "a gateway whose notifications nobody receives; repeatable")
        .choices(["stripe", "adyen"])
        .argParser(collect),
    )
    .option("--no-api", "do not ask the API")
    .addHelpText(
      "after",
      "\nExamples:\n  npx payctl verify\n  npx payctl verify --chains all --within 120 -o json | jq '.items[0].invariants[] | select(.holds | not)'",
    )
    .action(async (options: VerifyOptions) => {
      const report = await look(options, await siteOf(options), say);
      print(options.output === "json" ? toJson(report) : toText(report));
      const bad = report.verdicts.filter(({ found, isNote }) => found > 0 && !isNote).length;
      if (bad > 0)
        throw new CommandFailure("checkFailed", `${bad} of ${report.verdicts.length} invariants do not hold`);
    });
}

const collect = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];
function readSeconds(text: string): number {
  const seconds = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds <= SECONDS_MAX))
    throw new InvalidArgumentError(`it is a whole number of seconds, up to ${SECONDS_MAX}.`);
  return seconds;
}

/** Of a sandbox everything is known; of another cluster its databases, and the logs that are named. */
async function siteOf(options: VerifyOptions): Promise<VerifySite> {
  const { controlDsn, config, dataDir, chargeLog = null, api } = options;
  if (controlDsn !== undefined)
    return { dsns: dsnsIn(await shardsBehind(controlDsn)), chargeLogs: chargeLog, api: null };
  if (config !== undefined)
    return {
      dsns: await withControl(options, async (store) => dsnsIn((await store.loadDirectory()).shards)),
      chargeLogs: chargeLog,
      api: null,
    };
  const { postgres, gateways, apiUrl, merchants } = openSandbox(dataDir);
  return {
    dsns: postgres.shards.map(({ ownerDsn }) => ownerDsn),
    chargeLogs: chargeLog ?? [gateways.stripe.chargeLog, gateways.adyen.chargeLog],
    api: api ? { url: apiUrl, merchants } : null,
  };
}

const dsnsIn = (shards: readonly { readonly dsn: string }[]): readonly string[] => shards.map(({ dsn }) => dsn);

/** The newest report: the first in which all holds, or the last one in time. */
async function look(options: VerifyOptions, site: VerifySite, say: (text: string) => void): Promise<VerifyReport> {
  const { broken, verify } = await import("../verify/verify.ts"); // loaded now: help must not wait for it
  const terms = { graceMs: options.grace * 1_000, silent: options.silent ?? [], chains: options.chains };
  const endMs = performance.now() + options.within * 1_000;
  for (;;) {
    const report = await verify(site, terms).catch((error: unknown) => {
      throw new CommandFailure("other", `the cluster cannot be looked at: ${(error as Error).message}`, {
        cause: error,
      });
    });
    const bad = broken(report);
    if (bad.length === 0 || performance.now() + LOOK_EVERY_MS > endMs) return report;
    say(`not yet: ${bad.map(({ name, found }) => `${name} (${found})`).join(", ")}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

const toJson = ({ verdicts, counted }: VerifyReport): string =>
  renderJson("Verification", [{ holds: allHold(verdicts), counted, invariants: verdicts.map(verdictItem) }]);

function toText({ verdicts, counted }: VerifyReport): string {
  const { payments, operations, charges, hashes } = counted;
  return `${verdictLines(verdicts)}\n${payments} payments, ${operations} operations, ${charges} charge log lines, ${hashes} rows hashed`;
}
