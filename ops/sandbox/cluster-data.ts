/** The databases of a sandbox's cluster and what is seeded into them once: slot map, signing key, merchants, clients. */
import { hkdfSync, randomBytes } from "node:crypto";
import { mintId, slotOfMerchant, type GatewayName, type MerchantId } from "../../actors/domain/index.ts";
import {
  generateSigningKey,
  hashClientSecret,
  mintClientSecret,
  planSlotMap,
  SCOPES,
  SlotMap,
} from "../../router/index.ts";
import {
  ensureSecret,
  fileKeyProvider,
  openControlStore,
  placeShards,
  provisionCluster,
  type ControlStore,
  type DirectorySnapshot,
} from "../../storage/index.ts";
import { shareKeyFile } from "./key-file.ts";
import { shareOperatorToken } from "./operator-token.ts";
import type { DatabaseAddress, SandboxMerchant } from "./sandbox-file.ts";

export interface ClusterWish {
  /**
   * Owner URLs: the first holds the control database, a new shard i is on server i modulo their number. Shards that
   * exist stay on the server that has them.
   */
  readonly servers: readonly string[];
  /** Null: as many as there are, else four. */
  readonly shards: number | null;
  /** Merchants to have at least; null: as many as there are, else three. */
  readonly merchants: number | null;
  /** Of new merchants; the order of preference changes from one to the next. */
  readonly gateways: readonly GatewayName[];
  /** Of new merchants. */
  readonly rateLimitPerSecond: number;
  readonly keysFile: string;
  /** Where the token of the sandbox's operator is, or is put. */
  readonly operatorTokenFile: string;
}

export interface Cluster {
  readonly control: DatabaseAddress;
  readonly shards: readonly (DatabaseAddress & { readonly id: number })[];
  readonly merchants: readonly SandboxMerchant[];
  readonly keysFile: string;
}

/** Makes what is missing and adopts what is there. */
export type PrepareCluster = (wish: ClusterWish) => Promise<Cluster>;

/** Begins the names of the databases and of the role. */
const PREFIX = "paycluster";
/** Of `generateSigningKey`. */
const SIGNING_ALGORITHM = "ES256";
const DEFAULT_SHARDS = 4;
const DEFAULT_MERCHANTS = 3;
const CLIENT_PREFIX = "cli_sandbox_";
const random = { bytes: (count: number): Uint8Array => randomBytes(count), fraction: Math.random };
const silent = { info: () => {}, warn: () => {}, error: () => {} };

export const prepareCluster: PrepareCluster = async (wish) => {
  const [controlServer] = wish.servers;
  if (controlServer === undefined) throw new Error("there is no database server");
  const shardCount = wish.shards ?? (await countShards(controlServer)) ?? DEFAULT_SHARDS;
  const planned = planSlotMap(Array.from({ length: shardCount }, (_, shard) => shard));
  const { control, shards } = await provisionCluster({
    controlServer,
    shardServers: await placeShards({ servers: wish.servers, shardCount, prefix: PREFIX }),
    shardCount,
    slotsOf: (shard) => planned.slotsOf(shard),
    prefix: PREFIX,
  });
  await shareKeyFile(wish.keysFile, control.ownerDsn);
  const keys = fileKeyProvider(wish.keysFile);
  await shareOperatorToken(wish.operatorTokenFile, control.ownerDsn, keys);
  const store = openControlStore({
    dsn: control.ownerDsn,
    who: "sandbox",
    log: silent,
    keys,
    statementTimeoutMs: 20_000,
  });
  try {
    const found = await store.loadDirectory();
    const slotMap = await ensureSlotMap(store, found, planned);
    await ensureSigningKey(store, found);
    const merchantIds = await ensureMerchants(store, found, wish, slotMap);
    const seed = await ensureSecret(control.ownerDsn, SEED, () => randomBytes(32).toString("hex"));
    await ensureClients(store, found, merchantIds, seed, keys.clientSecretKey);
    return { control, shards, merchants: await listMerchants(store, seed), keysFile: wish.keysFile };
  } finally {
    await store.close();
  }
};

/** How many shards the server's cluster has; undefined when there is none, or it cannot be asked (the next step says why). */
async function countShards(server: string): Promise<number | undefined> {
  const url = new URL(server);
  url.pathname = `/${PREFIX}_control`;
  const store = openControlStore({ dsn: url.toString(), who: "sandbox", log: silent, keys: null });
  try {
    const { shards } = await store.loadDirectory();
    return shards.length === 0 ? undefined : shards.length;
  } catch {
    return undefined;
  } finally {
    await store.close();
  }
}

async function ensureSlotMap(store: ControlStore, found: DirectorySnapshot, planned: SlotMap): Promise<SlotMap> {
  if (found.slotMap !== null) return new SlotMap(Number(found.slotMap.version), found.slotMap.shardOfSlot);
  const record = { version: BigInt(planned.version), shardOfSlot: [...planned.toArray()] };
  await store.saveSlotMap(record, "first map, by the ring");
  return planned;
}

async function ensureSigningKey(store: ControlStore, found: DirectorySnapshot): Promise<void> {
  if (found.signingKeys.some((key) => key.privateJwk !== null)) return;
  const { kid, publicJwk, privateJwk } = await generateSigningKey();
  if (privateJwk === null) throw new Error("a new signing key has a private part");
  await store.addSigningKey({ kid, alg: SIGNING_ALGORITHM, publicJwk, privateJwk });
}

/** Adds merchants until there are enough, each on the shard with the fewest. Returns all, the oldest first. */
async function ensureMerchants(
  store: ControlStore,
  found: DirectorySnapshot,
  wish: ClusterWish,
  slotMap: SlotMap,
): Promise<readonly MerchantId[]> {
  const ids = found.merchants.map(({ id }) => id);
  const shardIds = [...new Set(slotMap.toArray())].sort((a, b) => a - b);
  const shardOf = (id: MerchantId): number => slotMap.shardOf(slotOfMerchant(id));
  const wanted = wish.merchants ?? (ids.length === 0 ? DEFAULT_MERCHANTS : ids.length);
  const counts = new Map(shardIds.map((shard) => [shard, 0]));
  const count = (id: MerchantId): void => void counts.set(shardOf(id), (counts.get(shardOf(id)) ?? 0) + 1);
  ids.forEach(count);
  while (ids.length < wanted) {
    const [shard] = [...counts].reduce((least, one) => (one[1] < least[1] ? one : least));
    const id = mintMerchantOn(shard, shardOf);
    await store.addMerchant({
      id,
      slot: slotOfMerchant(id),
      gateways: rotate(wish.gateways, ids.length).map((name) => ({
        name,
        account: `${name}_sandbox_${ids.length + 1}`,
      })),
      currencies: null,
      rateLimitPerSecond: wish.rateLimitPerSecond,
    });
    ids.push(id);
    count(id);
  }
  return ids;
}

/** A merchant's slot is a hash of its id, so ids are drawn until one fits: on average as many as there are shards. */
function mintMerchantOn(shard: number, shardOf: (id: MerchantId) => number): MerchantId {
  for (let draw = 0; draw < 100_000; draw++) {
    const id = mintId("mer", 0, Date.now(), randomBytes(8));
    if (shardOf(id) === shard) return id;
  }
  throw new Error(`no slot is on shard ${shard}`);
}

const rotate = <T>(items: readonly T[], by: number): readonly T[] => {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
};

/** Name of the secret from which those of all clients are derived, so that later starts can show them. */
const SEED = "client_secret_seed";

/** The secret of a client that a sandbox made. */
const secretOf = (clientId: string, seed: string): string =>
  mintClientSecret({
    ...random,
    bytes: (count) => new Uint8Array(hkdfSync("sha256", seed, clientId, "client secret", count)),
  });

/** One client for each merchant that has none. */
async function ensureClients(
  store: ControlStore,
  found: DirectorySnapshot,
  merchants: readonly MerchantId[],
  seed: string,
  hashKey: Uint8Array,
): Promise<void> {
  const served = new Set(found.clients.filter(({ status }) => status === "active").map(({ merchantId }) => merchantId));
  for (const merchantId of merchants.filter((id) => !served.has(id))) {
    const id = `${CLIENT_PREFIX}${randomBytes(6).toString("hex")}`;
    await store.addClient({
      id,
      merchantId,
      secretHash: hashClientSecret(secretOf(id, seed), hashKey),
      scopes: [...SCOPES],
    });
  }
}

/** The merchants with a client that a sandbox made. */
async function listMerchants(store: ControlStore, seed: string): Promise<readonly SandboxMerchant[]> {
  const { merchants, clients } = await store.loadDirectory();
  const ours = clients.filter(({ id, status }) => status === "active" && id.startsWith(CLIENT_PREFIX));
  const clientOf = new Map(ours.map((client) => [client.merchantId, client]));
  return merchants.flatMap(({ id, gateways, rateLimitPerSecond }) => {
    const client = clientOf.get(id);
    if (client === undefined) return [];
    const names = gateways.map(({ name }) => name);
    return [{ id, clientId: client.id, clientSecret: secretOf(client.id, seed), gateways: names, rateLimitPerSecond }];
  });
}
