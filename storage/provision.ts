/**
 * Makes a cluster's databases, or adopts the ones that are there: control, one per shard, the application's role, the
 * schemas, and the first content of a new shard. Everything here may run again at any time and changes nothing then.
 */
import type pg from "pg";
import {
  createDatabase,
  dsnOfDatabase,
  dsnOfUser,
  ensureApplicationRole,
  locationOf,
  requireName,
  restrictDatabase,
  setPassword,
  withOwner,
} from "./databases.ts";
import { migrate } from "./migrate.ts";
import { ensureSecretWith, randomSecret } from "./secrets.ts";

export interface ProvisionOptions {
  /** Owner URL of the server of the control database. */
  readonly controlServer: string;
  /** Owner URLs; shard i is made on server i % n. */
  readonly shardServers: readonly string[];
  readonly shardCount: number;
  /** The slots that a new shard owns. A shard that exists keeps what its own database says. */
  slotsOf(shard: number): readonly number[];
  /** Names begin with it: `<prefix>_control`, `<prefix>_shard_0`, role `<prefix>_app`. Default `paycluster`. */
  readonly prefix?: string;
}

/** A database, as the application and as its owner. */
export interface DatabaseAddress {
  readonly dsn: string;
  readonly ownerDsn: string;
}
export interface ProvisionedCluster {
  readonly control: DatabaseAddress;
  readonly shards: readonly (DatabaseAddress & { readonly id: number })[];
  /** False when the control database was there already. */
  readonly created: boolean;
}

/** One provisioner at a time on a server: any number that no one else uses. */
const PROVISION_LOCK = 7_290_115;
const PASSWORD = "application_password";

/** See the file's head. Throws when the databases that exist are of a cluster with another number of shards. */
export function provisionCluster(options: ProvisionOptions): Promise<ProvisionedCluster> {
  return withOwner(options.controlServer, async (client) => {
    await client.query("SELECT pg_advisory_lock($1)", [PROVISION_LOCK]);
    return provision(client, options);
  });
}

async function provision(client: pg.Client, options: ProvisionOptions): Promise<ProvisionedCluster> {
  const prefix = requireName(options.prefix ?? "paycluster");
  const role = `${prefix}_app`;
  const controlName = `${prefix}_control`;
  const controlOwner = dsnOfDatabase(options.controlServer, controlName);
  const created = await createDatabase(client, controlName);
  await ensureApplicationRole(client, role); // before the migrations, which grant to it
  await restrictDatabase(client, controlName, role);
  await migrate(controlOwner, "control");
  const password = await withOwner(controlOwner, async (control) => {
    await requireShardCount(control, options.shardCount);
    return ensureSecretWith(control, PASSWORD, randomSecret);
  });
  for (const server of new Set([options.controlServer, ...options.shardServers]))
    await withOwner(server, async (owner) => {
      await ensureApplicationRole(owner, role);
      await setPassword(owner, role, password);
    });
  const shards = await Promise.all(
    Array.from({ length: options.shardCount }, async (_, id) => {
      const server = options.shardServers[id % options.shardServers.length];
      if (server === undefined) throw new Error("there is no server for shards");
      const name = `${prefix}_shard_${id}`;
      const ownerDsn = dsnOfDatabase(server, name);
      await withOwner(server, async (owner) => {
        await createDatabase(owner, name);
        await restrictDatabase(owner, name, role);
      });
      await migrate(ownerDsn, "shard");
      await withOwner(ownerDsn, (owner) => seedShard(owner, options.slotsOf(id)));
      return { id, ownerDsn, dsn: dsnOfUser(ownerDsn, role, password) };
    }),
  );
  await withOwner(controlOwner, (control) => listShards(control, shards));
  return { control: { dsn: dsnOfUser(controlOwner, role, password), ownerDsn: controlOwner }, shards, created };
}

/** The lease nobody holds yet, and the slots. A shard that has a lease row is left alone: it knows better. */
async function seedShard(client: pg.Client, slots: readonly number[]): Promise<void> {
  await client.query("BEGIN");
  const seeded = await client.query(
    `INSERT INTO shard_lease (epoch, slots_version, generation, last_seq, open_floor_seq, renewed_at, serve_after, released,
                              node, process, anchor)
     VALUES (0, 1, 0, 0, 1, clock_timestamp(), '-infinity', true, '', '', decode(repeat('00', 32), 'hex'))
     ON CONFLICT DO NOTHING`,
  );
  if (seeded.rowCount === 1)
    await client.query("INSERT INTO shard_slot (slot, state) SELECT unnest($1::int2[]), 'owned'", [slots]);
  await client.query("COMMIT");
}

/** Slots of existing shards would otherwise be owned twice. */
async function requireShardCount(client: pg.Client, shardCount: number): Promise<void> {
  const known = await client.query<{ count: string }>("SELECT count(*) FROM shard");
  const count = Number(known.rows[0]?.count ?? 0);
  if (count !== 0 && count !== shardCount)
    throw new Error(`these databases are of a cluster with ${count} shards, not ${shardCount}`);
}

/** Writes where the shards are now; servers of a sandbox change their ports. */
async function listShards(client: pg.Client, shards: ProvisionedCluster["shards"]): Promise<void> {
  for (const shard of shards)
    await client.query(
      "INSERT INTO shard (id, location) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET location = excluded.location",
      [shard.id, locationOf(shard.dsn)],
    );
}
