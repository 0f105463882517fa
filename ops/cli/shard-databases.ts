/** The shards' databases as commands reach them: of the sandbox on this machine, or of the cluster of a node. */
import { type Command, Option } from "commander";
import type { AskShard, FoundPayment, StoryId } from "../../storage/index.ts";
import { type ControlOptions, withControl } from "./control.ts";
import { CommandFailure } from "./failures.ts";
import { openSandbox } from "./sandbox-access.ts";
import { type Format, FORMATS } from "./views.ts";

/** Options that every command on shards' databases takes. */
export interface ShardOptions {
  readonly dataDir: string;
  readonly config?: string;
  readonly controlDsn?: string;
  readonly output: Format;
}
export interface ShardDatabase {
  readonly id: number;
  readonly dsn: string;
}

/** Adds the options to a command. `defaultDataDir`: where `npm start` keeps its data. */
export const addShardOptions = (command: Command, defaultDataDir: string): Command =>
  addPlaceOptions(command.option("--data-dir <folder>", "data folder of a running sandbox", defaultDataDir)).addOption(
    new Option("-o, --output <format>", "output format").choices(FORMATS).default("table"),
  );

/** Where the databases are, if not in a sandbox: for commands that ask nodes too. */
export const addPlaceOptions = (command: Command): Command =>
  command
    .option("--config <file>", "configuration file of a node, instead of the sandbox's")
    .option("--control-dsn <dsn>", "control database of the cluster, instead of the sandbox's");

/** All shards, by their numbers. Throws CommandFailure. */
export async function shardDatabases({
  controlDsn,
  config,
  dataDir,
}: Omit<ShardOptions, "output">): Promise<readonly ShardDatabase[]> {
  if (controlDsn !== undefined) return await shardsBehind(controlDsn);
  if (config === undefined)
    return openSandbox(dataDir).postgres.shards.map(({ id, ownerDsn }) => ({ id, dsn: ownerDsn }));
  const options: ControlOptions = { config, dataDir, output: "table" };
  return await withControl(options, async (store) => (await store.loadDirectory()).shards);
}

/** All shards that a control database names. Throws CommandFailure. */
export async function shardsBehind(controlDsn: string): Promise<readonly ShardDatabase[]> {
  const { openControlStore } = await import("../../storage/index.ts");
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const store = openControlStore({ dsn: controlDsn, who: "payctl", log, keys: null });
  try {
    return (await store.loadDirectory()).shards;
  } catch (error) {
    throw new CommandFailure("other", `the control database cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    await store.close();
  }
}

/** What a shard's database says, or why it says nothing. */
type Answer<T> = { readonly shard: number; readonly said: T } | { readonly shard: number; readonly failure: string };

/**
 * Asks all of them at once, one moment each. A database that cannot be asked silences none of the others. `isEnough`: after
 * such a word nobody else is waited for, and who has not answered yet is missing.
 */
async function askAll<T>(
  shards: readonly ShardDatabase[],
  work: (ask: AskShard, shard: number) => Promise<T>,
  isEnough: (said: T) => boolean = () => false,
): Promise<readonly Answer<T>[]> {
  const { withSnapshot } = await import("../../storage/index.ts"); // loaded now: help must not wait for it
  const rest = new AbortController();
  const answers: Answer<T>[] = [];
  const askOne = async ({ id, dsn }: ShardDatabase): Promise<void> => {
    try {
      const said = await withSnapshot(dsn, (ask) => work(ask, id), undefined, rest.signal);
      answers.push({ shard: id, said });
      if (isEnough(said)) rest.abort();
    } catch (error) {
      if (!rest.signal.aborted) answers.push({ shard: id, failure: (error as Error).message });
    }
  };
  await Promise.all(shards.map(askOne));
  return answers.toSorted((a, b) => a.shard - b.shard);
}

/** What every shard's database says; `tell` hears of those that cannot be asked. Throws CommandFailure when none can. */
export async function askShards<T>(
  shards: readonly ShardDatabase[],
  work: (ask: AskShard, shard: number) => Promise<T>,
  tell: (text: string) => void,
): Promise<{ readonly said: readonly T[]; readonly silent: readonly number[] }> {
  const answers = await askAll(shards, work);
  const said = answers.flatMap((answer) => ("said" in answer ? [answer.said] : []));
  const failures = answers.flatMap((answer) => ("failure" in answer ? [answer] : []));
  if (said.length === 0 && failures.length > 0)
    throw new CommandFailure("other", `no shard's database can be read: ${failures[0]?.failure}`);
  for (const { shard, failure } of failures) tell(`the database of shard ${shard} cannot be read: ${failure}`);
  return { said, silent: failures.map(({ shard }) => shard) };
}

/**
 * Works on the payment that an id leads to, in the database of the shard that has it: of two that know it, as after a move,
 * in the one that owns its slot; no other database is waited for then. Throws CommandFailure: not found, or not to be found now.
 */
export async function onPayment<T>(
  shards: readonly ShardDatabase[],
  id: StoryId,
  work: (ask: AskShard, found: FoundPayment, shard: ShardDatabase) => Promise<T>,
): Promise<T> {
  const { findPaymentOf, withSnapshot } = await import("../../storage/index.ts");
  const answers = await askAll(
    shards,
    async (ask, shard) => ({ shard, found: await findPaymentOf(ask, id) }),
    ({ found }) => found?.slotState === "owned",
  );
  const knowing = answers.flatMap((answer) =>
    "said" in answer && answer.said.found !== undefined ? [answer.said] : [],
  );
  const place = knowing.find(({ found }) => found?.slotState === "owned") ?? knowing[0];
  const shard = shards.find((one) => one.id === place?.shard);
  if (place?.found !== undefined && shard !== undefined) {
    const { found } = place;
    return await withSnapshot(shard.dsn, (ask) => work(ask, found, shard)).catch((error: unknown) => {
      if (error instanceof CommandFailure) throw error;
      throw new CommandFailure("other", `shard ${shard.id} cannot be read: ${(error as Error).message}`, {
        cause: error,
      });
    });
  }
  const silent = answers.flatMap((answer) => ("failure" in answer ? [answer] : []));
  if (silent.length === 0) throw new CommandFailure("notFound", `there is no payment behind ${id}`);
  throw new CommandFailure(
    "other",
    `${id} is in none of the databases that can be read; shard ${silent.map((one) => one.shard).join(", ")} cannot: ${silent[0]?.failure}`,
  );
}
