/** `payctl payment …`: why a payment is as it is, which do not come to rest, and having the resolver look now. */
import { type Command, InvalidArgumentError } from "commander";
import { type MerchantId, parseId } from "../../actors/domain/index.ts";
import type { PaymentStory, StoryId, StuckList } from "../../storage/index.ts";
import { addAdminOptions, type CommandWorld } from "./admin.ts";
import { CommandFailure } from "./failures.ts";
import { readMerchantId } from "./merchant.ts";
import type { WireAnswer } from "./payment-json.ts";
import type { StoryLook } from "./payment-story.ts";
import { CHECKUP_TIMEOUT_S, checkNow, type CheckupOptions } from "./payment-checkup.ts";
import {
  addPlaceOptions,
  addShardOptions,
  askShards,
  onPayment,
  shardDatabases,
  type ShardOptions,
} from "./shard-databases.ts";
import { type Format, renderAnswer } from "./views.ts";

interface ListOptions extends ShardOptions {
  readonly stuck?: boolean;
  readonly olderThan: number;
  readonly limit: number;
  readonly merchant?: MerchantId;
}
interface ResolveOptions extends ShardOptions, CheckupOptions {
  readonly dryRun?: boolean;
}

const LIMIT_MAX = 1_000;

/** Adds the noun to the tree. `print` gets data only, `say` talk. */
export function addPaymentCommands(
  program: Command,
  world: CommandWorld,
  print: (text: string) => void,
  say: (text: string) => void,
): void {
  const defaultDataDir = world.dataDir;
  /** `nowMs`: the databases' own, so that clocks of two machines do not meet. */
  const show = (format: Format, answer: WireAnswer, nowMs: number, textOf: (look: StoryLook) => string): void => {
    const view = {
      nameOf: (item: object) => ("id" in item && typeof item.id === "string" ? item.id : "-"),
      textOf: () => textOf({ nowMs, isWide: format === "wide" }),
    };
    print(renderAnswer(format, answer, view, { nowMs, isWide: format === "wide", paint: (_, text) => text }));
    if (format === "table" || format === "wide") for (const step of answer.nextSteps) say(`Next: ${step}`);
  };
  const payment = program.command("payment").description("tell payments' stories, and find those that are stuck");

  addShardOptions(
    payment.command("why").description("everything that is known of a payment, in causal order"),
    defaultDataDir,
  )
    .argument("<id>", "the payment, or an operation or refund of it", readStoryId)
    .addHelpText("after", examples("why pay_…", "why ref_… -o wide", "why pay_… -o json | jq '.items[0].next'"))
    .action(async (id: StoryId, options: ShardOptions) => {
      const story = await storyOf(id, options);
      const { renderStory, storyAnswer } = await words();
      show(options.output, storyAnswer(story), story.readAtMs, (look) => renderStory(story, look));
    });

  addShardOptions(payment.command("list").description("list payments that do not come to rest"), defaultDataDir)
    .option("--stuck", "those with an open operation, an undecided notice, or work for people")
    .option("--older-than <time>", "leave younger ones out, as 30s, 5m, 2h", readSpan, 30_000)
    .option("--merchant <id>", "of one merchant", readMerchantId)
    .option("--limit <count>", "of each kind and shard at most", readLimit, 100)
    .addHelpText("after", examples("list --stuck", "list --stuck --older-than 5m -o wide", "list --stuck -o json"))
    .action(async (options: ListOptions) => {
      if (options.stuck !== true)
        throw new CommandFailure("usage", "only --stuck is built; merchants list their payments by GET /v1/payments");
      const { payments, nowMs, silent } = await stuckIn(options, say);
      const { renderStuck, stuckAnswer } = await words();
      if (payments.length === 0) say("Nothing is stuck.");
      show(options.output, stuckAnswer(payments), nowMs, (look) => renderStuck(payments, look));
      if (silent.length > 0) throw new CommandFailure("other", "the list is not complete");
    });

  const resolve = addAdminOptions(
    payment.command("resolve").description("have the owner look at a payment's open operations now, by its own rules"),
    defaultDataDir,
  );
  resolve.options.find(({ long }) => long === "--timeout")?.default(CHECKUP_TIMEOUT_S);
  resolve.setOptionValueWithSource("timeout", CHECKUP_TIMEOUT_S, "default");
  addPlaceOptions(resolve)
    .argument("<id>", "the payment, or an operation or refund of it", readStoryId)
    .option("--reason <text>", "why, for the audit trail; needed unless --dry-run")
    .option("--dry-run", "only say it, from the shard's database: the rule, its inputs, and what it would do")
    .addHelpText("after", examples("resolve pay_… --reason 'merchant asks'", "resolve pay_… --dry-run -o json"))
    .action(async (id: StoryId, options: ResolveOptions) => {
      if (options.dryRun !== true) return await checkNow(id, options, world);
      const story = await storyOf(id, options);
      const { checkOf, openOperationsOf, checksAnswer, renderChecks } = await words();
      const checks = openOperationsOf(story).map((operation) => checkOf(story, operation, story.readAtMs));
      show(options.output, checksAnswer(story, checks), story.readAtMs, (look) => renderChecks(story, checks, look));
    });
}

const examples = (...lines: readonly string[]): string =>
  `\nExamples:\n${lines.map((line) => `  npx payctl payment ${line}`).join("\n")}`;

/** Loaded when a command runs: help must not wait for it. */
async function words() {
  const [story, json, check, resolve, stuck] = await Promise.all([
    import("./payment-story.ts"),
    import("./payment-json.ts"),
    import("./payment-check.ts"),
    import("./payment-resolve.ts"),
    import("./stuck-table.ts"),
  ]);
  return { ...story, ...json, ...check, ...resolve, ...stuck };
}

async function storyOf(id: StoryId, options: ShardOptions): Promise<PaymentStory> {
  const { readStory } = await import("../../storage/index.ts");
  const story = await onPayment(await shardDatabases(options), id, (ask, { paymentId }, shard) =>
    readStory(ask, paymentId, shard.id),
  );
  if (story === null) throw new CommandFailure("notFound", `the payment behind ${id} has no rows; npx payctl verify`);
  return story;
}

async function stuckIn(
  { olderThan, limit, merchant, ...options }: ListOptions,
  say: (text: string) => void,
): Promise<{ readonly payments: StuckList["payments"]; readonly nowMs: number; readonly silent: readonly number[] }> {
  const { readStuck } = await import("../../storage/index.ts");
  const scope = { olderThanMs: olderThan, limit, merchantId: merchant ?? null };
  const { said, silent } = await askShards(
    await shardDatabases(options),
    (ask, shard) => readStuck(ask, shard, scope),
    say,
  );
  if (said.some(({ isComplete }) => !isComplete)) say("notices of gateways are not shown: reading them took too long");
  return {
    payments: said.flatMap(({ payments }) => payments).sort((a, b) => a.sinceAtMs - b.sinceAtMs),
    nowMs: Math.max(...said.map(({ readAtMs }) => readAtMs)),
    silent,
  };
}

/** An id that leads to a payment, as people type it. */
export function readStoryId(text: string): StoryId {
  const id = parseId("pay", text) ?? parseId("ref", text) ?? parseId("op", text);
  if (id === undefined)
    throw new InvalidArgumentError(
      "it is the id of a payment, a refund or an operation: pay_, ref_ or op_ and 26 characters.",
    );
  return id;
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** Milliseconds. */
function readSpan(text: string): number {
  const [, count, unit = "s"] = /^(\d{1,6})(ms|s|m|h|d)$/.exec(text) ?? [];
  if (count === undefined) throw new InvalidArgumentError("it is a number with a unit, as 500ms, 30s, 5m, 2h or 1d.");
  return Number(count) * (UNIT_MS[unit] as number);
}
function readLimit(text: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > LIMIT_MAX) throw new InvalidArgumentError(`it is a whole number from 1 to ${LIMIT_MAX}.`);
  return count;
}
