/** `payctl ledger …`: whether the books prove themselves. Changes nothing. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { PaymentId } from "../../actors/domain/index.ts";
import type { StoryId } from "../../storage/index.ts";
import { CommandFailure } from "./failures.ts";
import { readStoryId } from "./payment.ts";
import {
  addShardOptions,
  onPayment,
  type ShardDatabase,
  shardDatabases,
  type ShardOptions,
} from "./shard-databases.ts";
import { allHold, verdictItem, verdictLines } from "./verdicts.ts";
import { renderAnswer } from "./views.ts";

interface VerifyOptions extends ShardOptions {
  readonly shard?: number;
  readonly chains: "all" | "sample";
}

/** Adds the noun to the tree. `print` gets data only. */
export function addLedgerCommands(program: Command, defaultDataDir: string, print: (text: string) => void): void {
  const ledger = program.command("ledger").description("prove that the books are right");
  addShardOptions(
    ledger.command("verify").description("check hash chains, sums and states of one payment, one shard, or all"),
    defaultDataDir,
  )
    .argument("[id]", "a payment, or an operation or refund of it (default: everything)", readStoryId)
    .option("--shard <number>", "one shard alone", readShard)
    .addOption(
      new Option("--chains <which>", "payments whose rows are hashed anew").choices(["all", "sample"]).default("all"),
    )
    .addHelpText(
      "after",
      "\nExamples:\n  npx payctl ledger verify\n  npx payctl ledger verify pay_…\n" +
        "  npx payctl ledger verify --shard 0 --chains sample -o json | jq '.items[0].holds'",
    )
    .action(async (id: StoryId | undefined, options: VerifyOptions) => {
      const [place, { verifyLedger }] = await Promise.all([placeOf(id, options), import("../verify/ledger.ts")]);
      const dsns = place.shards.map(({ dsn }) => dsn);
      const { verdicts, hashes } = await verifyLedger(dsns, place.paymentId ?? options.chains).catch(
        (error: unknown) => {
          throw new CommandFailure("other", `the books cannot be read: ${(error as Error).message}`, { cause: error });
        },
      );
      const what = place.paymentId ?? `${place.shards.length} shards`;
      const item = { id: what, holds: allHold(verdicts), counted: { hashes }, invariants: verdicts.map(verdictItem) };
      const view = { nameOf: () => what, textOf: () => `${verdictLines(verdicts)}\n${what}: ${hashes} rows hashed` };
      const answer = { kind: "LedgerVerification", items: [item], nextSteps: nextOf(place.paymentId) };
      const drawing = { nowMs: Date.now(), isWide: false, paint: (_: unknown, text: string) => text };
      print(renderAnswer(options.output, answer, view, drawing));
      const bad = verdicts.filter((verdict) => !allHold([verdict])).length;
      if (bad > 0) throw new CommandFailure("checkFailed", `${bad} of ${verdicts.length} invariants do not hold`);
    });
}

const nextOf = (paymentId: PaymentId | null): readonly string[] =>
  paymentId === null ? [] : [`npx payctl payment why ${paymentId}`];

interface Place {
  readonly shards: readonly ShardDatabase[];
  readonly paymentId: PaymentId | null;
}
/** The databases to look at, and the payment, if one is meant. */
async function placeOf(id: StoryId | undefined, { shard, ...options }: VerifyOptions): Promise<Place> {
  const all = await shardDatabases(options);
  const shards = shard === undefined ? all : all.filter((one) => one.id === shard);
  if (shards.length === 0)
    throw new CommandFailure("notFound", `there is no shard ${shard ?? ""}; there are ${all.length}`);
  if (id === undefined) return { shards, paymentId: null };
  return await onPayment(shards, id, async (_, { paymentId }, own) => ({ shards: [own], paymentId }));
}

/** A shard's number, as people type it. */
function readShard(text: string): number {
  if (!/^(0|[1-9]\d{0,4})$/.test(text)) throw new InvalidArgumentError("it is a shard's number, as 0 or 12.");
  return Number(text);
}
