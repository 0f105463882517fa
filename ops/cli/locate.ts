/** `payctl locate ID`: where an id leads, in one line; slot and shard also when no node answers. */
import { type Command, InvalidArgumentError } from "commander";
import type { AdminFinding } from "../../cluster/index.ts";
import { addAdminOptions, type AdminOptions, type CommandWorld, NobodyAnswers, openAdmin, sandboxIn } from "./admin.ts";
import { CommandFailure } from "./failures.ts";
import { examplesHelp } from "./look-command.ts";
import { paintState, type View } from "./views.ts";
import { showOnce } from "./watching.ts";

interface LocationItem {
  readonly id: string;
  readonly slot: number;
  readonly shard: number | null;
  readonly node: string | null;
  readonly node_state: string | null;
  readonly epoch: string | null;
  readonly mode: string | null;
}
interface LocateOptions extends AdminOptions {
  readonly shards?: number;
}
const SHARDS_MAX = 4_096;

/** Exported for its golden test. */
export const LOCATION_VIEW: View = {
  nameOf: (item) => String((item as LocationItem).shard ?? ""),
  textOf: (items, drawing) =>
    items
      .map((item) => {
        const { id, slot, shard, node, node_state, epoch, mode } = item as LocationItem; // of the kind that this is for
        const state = node_state === null || node_state === "UP" ? "" : ` (${paintState(node_state, drawing)})`;
        const owner = node === null ? "owner unknown" : `${node}${state}`;
        const actor = mode === null ? "actor unknown" : `epoch ${epoch ?? "none"}  ${paintState(mode, drawing)}`;
        return `${id}  slot ${slot}  shard ${shard ?? "unknown"}  ${owner}  ${actor}`;
      })
      .join("\n"),
};

/** Adds the command to the tree. */
export function addLocateCommand(program: Command, world: CommandWorld): void {
  addAdminOptions(
    program
      .command("locate <id>")
      .description("show where an id leads: slot, shard, owner, epoch and its actor's state"),
    world.dataDir,
  )
    .option("--shards <count>", "of a cluster that does not answer, as it was made (default: the sandbox's)", readCount)
    .addHelpText(
      "after",
      examplesHelp([
        "locate pay_01jcv1g4xpf03an8zmqd2hw7rk",
        "locate mer_01jcv1g4xpf03an8zmqd2hw7rk -o json | jq '.items[0].shard'",
      ]),
    )
    .action(async (id: string, options: LocateOptions) => {
      const answer = await ask(id, options, world).catch((error: unknown) => {
        if (error instanceof NobodyAnswers) return locateAlone(id, options, error, world);
        throw error;
      });
      showOnce(world.terminal, answer, LOCATION_VIEW, options);
    });
}

async function ask(id: string, options: LocateOptions, world: CommandWorld): Promise<AdminFinding> {
  const admin = openAdmin(options, world);
  try {
    return await admin.ask("locate", { id });
  } finally {
    admin.close();
  }
}

/** From the id alone, and the ring as the first slot map was planned. */
async function locateAlone(
  id: string,
  { shards, dataDir }: LocateOptions,
  why: NobodyAnswers,
  { terminal }: CommandWorld,
): Promise<AdminFinding> {
  const { slotOfText } = await import("../../cluster/index.ts");
  const slot = slotOfText(id);
  if (slot === undefined)
    throw new CommandFailure("usage", `${id} is no id: it begins with pay_, ref_, op_, evt_ or mer_`, { cause: why });
  const ids = shards === undefined ? idsOf(dataDir) : Array.from({ length: shards }, (_, i) => i);
  const { planSlotMap } = await import("../../router/index.ts");
  const shard = ids.length === 0 ? null : planSlotMap(ids).shardOf(slot);
  const item: LocationItem = { id, slot, shard, node: null, node_state: null, epoch: null, mode: null };
  const how =
    shard === null
      ? "the number of shards is not known: --shards"
      : "the shard is as planned at first, before any move";
  return {
    ok: true,
    kind: "Location",
    items: [item],
    nextSteps: [],
    notes: [why.message, `from the id alone; ${how}`],
    node: "",
    at: new Date(terminal.nowMs()).toISOString(),
  };
}

const idsOf = (dataDir: string): readonly number[] => sandboxIn(dataDir)?.postgres?.shards.map(({ id }) => id) ?? [];

function readCount(text: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > SHARDS_MAX) throw new InvalidArgumentError(`it is a whole number from 1 to ${SHARDS_MAX}.`);
  return count;
}
