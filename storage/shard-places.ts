/**
 * On which server the database of each shard is. A database never moves by itself: a cluster that is given further
 * servers keeps its shards where they were made, whatever their servers' addresses are by now.
 */
import { dsnOfDatabase, requireName, withOwner } from "./databases.ts";

export interface PlacesWish {
  /** Owner URLs; the first is that of the control database. */
  readonly servers: readonly string[];
  readonly shardCount: number;
  readonly prefix: string;
}

/** What the servers say. */
export interface PlacesFound {
  /** By server: the names of its databases. */
  readonly databases: ReadonlyMap<string, ReadonlySet<string>>;
  /** By shard: where the control database says that it is. */
  readonly locations: ReadonlyMap<number, string>;
}

const hostOf = (url: string): string => new URL(url).host;

/**
 * The owner URL of each shard's server: the one that has its database; of a new shard i, server i modulo their number.
 * Throws when the control database is on another server than the first, when a shard that there is has no database on
 * any of them, or when two servers claim a shard and the control database names neither.
 */
export async function placeShards(wish: PlacesWish): Promise<readonly string[]> {
  const servers = [...new Set(wish.servers)];
  const databases = new Map(
    await Promise.all(servers.map(async (server) => [server, await listDatabases(server)] as const)),
  );
  return choosePlaces(wish, { databases, locations: await readLocations(wish, databases) });
}

/** The same from what was found. */
export function choosePlaces({ servers, shardCount, prefix }: PlacesWish, found: PlacesFound): readonly string[] {
  const holdersOf = (name: string): readonly string[] =>
    [...found.databases].filter(([, names]) => names.has(name)).map(([server]) => server);
  const [control] = holdersOf(`${prefix}_control`);
  if (control !== undefined && control !== servers[0])
    throw new Error(`the control database is on ${hostOf(control)}: that server must be named first`);
  return Array.from({ length: shardCount }, (_, id) => {
    const holders = holdersOf(`${prefix}_shard_${id}`);
    const listed = found.locations.get(id);
    if (holders.length === 0 && listed !== undefined)
      throw new Error(
        `shard ${id} is on ${hostOf(listed)}: that server must be named too, and if it has lost its data it must not be ` +
          "made anew: its payments would be unknown, and could be charged again",
      );
    const chosen =
      holders.length > 1
        ? holders.find((server) => listed !== undefined && hostOf(server) === hostOf(listed))
        : (holders[0] ?? servers[id % servers.length]);
    if (chosen === undefined)
      throw new Error(`shard ${id} is on ${holders.map(hostOf).join(" and ")}, and which one is right is not known`);
    return chosen;
  });
}

const listDatabases = (server: string): Promise<ReadonlySet<string>> =>
  withOwner(server, async (client) => {
    const { rows } = await client.query<{ datname: string }>("SELECT datname FROM pg_database");
    return new Set(rows.map(({ datname }) => datname));
  });

/** Empty before the cluster's first start, and when that was cut before its tables were made. */
async function readLocations(
  { servers: [first], prefix }: PlacesWish,
  databases: PlacesFound["databases"],
): Promise<ReadonlyMap<number, string>> {
  const control = requireName(`${prefix}_control`);
  if (first === undefined || databases.get(first)?.has(control) !== true) return new Map();
  return withOwner(dsnOfDatabase(first, control), async (client) => {
    const table = await client.query<{ present: boolean }>("SELECT to_regclass('shard') IS NOT NULL AS present");
    if (table.rows[0]?.present !== true) return new Map();
    const { rows } = await client.query<{ id: number; location: string }>("SELECT id, location FROM shard");
    return new Map(rows.map(({ id, location }) => [id, location]));
  });
}
