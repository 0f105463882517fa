/** `payctl merchant …`: who may take payments, through which gateways, in which currencies, how many a second. */
import { randomBytes } from "node:crypto";
import { type Command, InvalidArgumentError } from "commander";
import {
  currencyOf,
  GATEWAY_NAMES,
  type MerchantId,
  mintId,
  parseId,
  slotOfMerchant,
} from "../../actors/domain/index.ts";
import type { MerchantRecord } from "../../storage/index.ts";
import { renderJson, renderTable } from "./answers.ts";
import { addControlOptions, type ControlOptions, withControl } from "./control.ts";
import { CommandFailure } from "./failures.ts";

type GatewayAccount = MerchantRecord["gateways"][number];
interface CreateOptions extends ControlOptions {
  readonly gateway: readonly GatewayAccount[];
  readonly currency?: readonly string[];
  readonly rateLimit: number;
  readonly reason?: string;
}
interface StatusOptions extends ControlOptions {
  readonly reason: string;
}

const RATE_LIMIT_MAX = 1_000_000;
/** Verb: what the merchant then is, and the verb that undoes it. */
const STATUS_VERBS = {
  suspend: { status: "suspended", undo: "resume", description: "refuse a merchant's requests from now on" },
  resume: { status: "active", undo: "suspend", description: "serve a suspended merchant again" },
} as const;
/** The benchmark's gateway charges nobody. */
const NAMES = GATEWAY_NAMES.filter((name) => name !== "fixed-latency");

/** Adds the noun to the tree. `print` gets data only, `say` talk. */
export function addMerchantCommands(
  program: Command,
  defaultDataDir: string,
  print: (text: string) => void,
  say: (text: string) => void,
): void {
  const merchant = program.command("merchant").description("add, list, suspend and resume merchants");
  addControlOptions(merchant.command("create").description("add a merchant"), defaultDataDir)
    .requiredOption(
      "--gateway <name:account>",
      "gateway and our account there; repeatable, the first is preferred",
      addGateway,
    )
    .option("--currency <code>", "currency that the merchant takes; repeatable (default: all)", addCurrency)
    .option("--rate-limit <count>", "requests in any one second", readRateLimit, 100)
    .option("--reason <text>", "why, for the audit trail")
    .addHelpText(
      "after",
      examples(
        "create --gateway stripe:acct_1 --gateway adyen:Acme_EU",
        "create --gateway stripe:acct_2 --currency EUR -o json",
      ),
    )
    .action(async (options: CreateOptions) => {
      const made = await createMerchant(options);
      const next = `npx payctl client create --merchant ${made.id}`;
      print(options.output === "json" ? renderJson("Merchant", [describe(made)], [next]) : made.id);
      if (options.output === "table") say(`Next: ${next}`);
    });
  for (const [verb, { status, undo, description }] of Object.entries(STATUS_VERBS))
    addControlOptions(merchant.command(verb).description(description), defaultDataDir)
      .argument("<id>", "the merchant", readMerchantId)
      .requiredOption("--reason <text>", "why, for the audit trail")
      .addHelpText("after", examples(`${verb} mer_… --reason "ticket 4711"`, `${verb} mer_… --reason fraud -o json`))
      .action(async (id: MerchantId, options: StatusOptions) => {
        const { record, changed } = await setStatus(id, status, options);
        const next = `npx payctl merchant ${undo} ${id} --reason …`;
        print(options.output === "json" ? renderJson("Merchant", [describe(record)], [next]) : tableOf([record]));
        if (options.output === "table")
          say(changed ? `Nodes know it within seconds. Next: ${next}` : "It was so already.");
      });
  addControlOptions(merchant.command("list").description("list all merchants, the oldest first"), defaultDataDir)
    .addHelpText("after", examples("list", "list -o json"))
    .action(async (options: ControlOptions) => {
      const { merchants } = await withControl(options, (store) => store.loadDirectory());
      print(options.output === "json" ? renderJson("Merchant", merchants.map(describe)) : tableOf(merchants));
    });
}

const examples = (...lines: readonly string[]): string =>
  `\nExamples:\n${lines.map((line) => `  npx payctl merchant ${line}`).join("\n")}`;

async function createMerchant(given: CreateOptions): Promise<MerchantRecord> {
  const { gateway, currency, rateLimit, reason, ...options } = given;
  const id = mintId("mer", 0, Date.now(), randomBytes(8));
  const record = {
    id,
    slot: slotOfMerchant(id),
    gateways: gateway,
    currencies: currency ?? null,
    rateLimitPerSecond: rateLimit,
  };
  const added = await withControl(options, (store) => store.addMerchant(record, reason));
  if (!added) throw new CommandFailure("other", `the id ${id} is taken; try again`);
  return { ...record, status: "active" };
}

/** The merchant as it is then, and whether that is new. */
function setStatus(
  id: MerchantId,
  status: MerchantRecord["status"],
  { reason, ...options }: StatusOptions,
): Promise<{ readonly record: MerchantRecord; readonly changed: boolean }> {
  return withControl(options, async (store) => {
    const changed = await store.setMerchantStatus(id, status, reason);
    const record = (await store.loadDirectory()).merchants.find((one) => one.id === id);
    if (record === undefined)
      throw new CommandFailure("notFound", `there is no merchant ${id}; npx payctl merchant list shows all`);
    return { record, changed };
  });
}

/** Times are not here: a merchant's id carries when it was made. */
const describe = ({ id, status, gateways, currencies, rateLimitPerSecond, slot }: MerchantRecord): object => ({
  id,
  status,
  gateways,
  currencies,
  rate_limit_per_second: rateLimitPerSecond,
  slot,
});

const tableOf = (merchants: readonly MerchantRecord[]): string =>
  renderTable(
    ["ID", "STATUS", "GATEWAYS", "CURRENCIES", "LIMIT/S"],
    merchants.map(({ id, status, gateways, currencies, rateLimitPerSecond }) => [
      id,
      status,
      gateways.map(({ name, account }) => `${name}:${account}`).join(" "),
      currencies?.join(" ") ?? "all",
      String(rateLimitPerSecond),
    ]),
  );

/** Reads one `name:account` and adds it to those before. */
function addGateway(text: string, before: readonly GatewayAccount[] = []): readonly GatewayAccount[] {
  const [, name, account] = /^([a-z-]+):([\w.-]{1,64})$/.exec(text) ?? [];
  const gateway = NAMES.find((one) => one === name);
  if (account === undefined || gateway === undefined)
    throw new InvalidArgumentError(`it is NAME:ACCOUNT, and a name is one of ${NAMES.join(", ")}.`);
  if (before.some((one) => one.name === name)) throw new InvalidArgumentError(`${name} is given twice.`);
  return [...before, { name: gateway, account }];
}

function addCurrency(text: string, before: readonly string[] = []): readonly string[] {
  if (currencyOf(text) === undefined)
    throw new InvalidArgumentError("it is the ISO 4217 code of a currency that we take, in capitals, as EUR.");
  return before.includes(text) ? before : [...before, text];
}

function readRateLimit(text: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > RATE_LIMIT_MAX)
    throw new InvalidArgumentError(`it is a whole number from 1 to ${RATE_LIMIT_MAX}.`);
  return count;
}

/** A merchant id as people type it. */
export function readMerchantId(text: string): MerchantId {
  const id = parseId("mer", text);
  if (id === undefined) throw new InvalidArgumentError("it is a merchant's id, mer_ and 26 characters.");
  return id;
}
