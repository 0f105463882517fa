/** A throw-away cluster on the server of TEST_POSTGRES_URL (owner rights), with shards that can be emptied. */
import { randomBytes } from "node:crypto";
import type pg from "pg";
import { withOwner } from "../databases.ts";
import { openShardStore } from "../index.ts";
import type { ShardStoreTimes } from "../index.ts";
import { type ProvisionedCluster, provisionCluster } from "../provision.ts";
import { realClock, silentLog } from "./fixtures.ts";

export interface TestCluster extends ProvisionedCluster {
  readonly server: string;
  readonly prefix: string;
  /** Runs SQL with owner rights in a shard. */
  inShard<T>(shard: number, work: (client: pg.Client) => Promise<T>): Promise<T>;
  /** Empties a shard; it then owns slots 1, 2 and 3. */
  empty(shard: number): Promise<void>;
  open(shard: number, node: string, times?: Partial<ShardStoreTimes>, dsn?: string): ReturnType<typeof openShardStore>;
  drop(): Promise<void>;
}

/** Makes the cluster, or undefined without a server. */
export async function testCluster(shardCount: number): Promise<TestCluster | undefined> {
  const server = process.env["TEST_POSTGRES_URL"];
  if (server === undefined || server === "") return undefined;
  const prefix = `it_${randomBytes(4).toString("hex")}`;
  const slotsOf = () => [1, 2, 3];
  const cluster = await provisionCluster({
    controlServer: server,
    shardServers: [server],
    shardCount,
    slotsOf,
    prefix,
  });
  const dsnOf = (shard: number) => {
    const found = cluster.shards[shard];
    if (found === undefined) throw new Error(`no shard ${shard}`);
    return found;
  };
  const inShard: TestCluster["inShard"] = (shard, work) => withOwner(dsnOf(shard).ownerDsn, work);
  return {
    ...cluster,
    server,
    prefix,
    inShard,
    empty: (shard) =>
      inShard(shard, async (client) => {
        await client.query(
          `TRUNCATE payment, journal, idempotency, ledger_entry, commit_anchor, shard_epoch, operation_open,
             merchant_balance, merchant_balance_through, gateway_event, discrepancy, webhook_endpoint, merchant_event,
             delivery;
           UPDATE shard_lease SET epoch = 0, slots_version = 1, generation = 0, last_seq = 0, open_floor_seq = 1,
             serve_after = '-infinity', released = true, node = '', process = '', anchor = decode(repeat('00', 32), 'hex')`,
        );
      }),
    open: (shard, node, times = {}, dsn = dsnOf(shard).dsn) =>
      openShardStore({ shard, dsn, node, clock: realClock, log: silentLog, times: { retryMs: 20, ...times } }),
    drop: () =>
      withOwner(server, async (client) => {
        for (const name of [`${prefix}_control`, ...cluster.shards.map((s) => `${prefix}_shard_${s.id}`)])
          await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
        await client.query(`DROP ROLE ${prefix}_app`);
      }),
  };
}

/** Waits until `look` finds something; a test's own time-out ends it. */
export async function eventually<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
