/** Looks into an actor of this node and, beside its mailbox, into its database. */
import { type ActorInspection, type Clock, type Log, OPERATIONS_SHOWN_MAX } from "../../actors/index.ts";
import { openShardLook } from "../../storage/index.ts";
import { within } from "./asker.ts";
import { compareLooks, type ShardInspection } from "./shard-inspection.ts";

export interface InspectorParts {
  /** Name of this node. */
  readonly node: string;
  /** A look into the live actor; undefined: there is none here. */
  readonly inspect: (shard: number) => Promise<ActorInspection | undefined>;
  /** Address of a shard's database, as the application. */
  readonly dsnOf: (shard: number) => string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The look, as AdminWorld.inspect. With its database away the live part comes all the same, with a note, within about
 * `withinMs`. A connection of its own is opened for each look, so nothing lingers.
 */
export async function inspectShard(
  { node, inspect, dsnOf, clock, log }: InspectorParts,
  shard: number,
  compare: boolean,
  withinMs: number,
): Promise<ShardInspection | undefined> {
  const before = await inspect(shard);
  if (before === undefined || !compare) return before && alone(before, "not compared with the database");
  const dsn = dsnOf(shard);
  if (dsn === undefined) return alone(before, "the address of its database is not known here");
  const look = openShardLook({ shard, dsn, node, clock, log });
  const reading = look.read(OPERATIONS_SHOWN_MAX).catch(wordsOf);
  const disk = (await within(reading, withinMs, clock)) ?? "it did not answer in time";
  void look.close();
  const after = await inspect(shard);
  if (typeof disk === "string") return alone(after ?? before, `the database could not be read: ${disk}`);
  if (after === undefined) return alone(before, "the actor ended while its database was looked at");
  return compareLooks(node, { before, disk, after });
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const alone = (live: ActorInspection, note: string): ShardInspection => ({ live, disk: null, note, differences: [] });
