/** The cluster's directory as it is read: everything a node needs to serve, in one consistent snapshot. */
import type pg from "pg";
import { idFromBytes } from "../actors/domain/index.ts";
import type { GatewayName, MerchantId } from "../actors/domain/index.ts";
import { dsnOfUser } from "./databases.ts";
import type { Envelope } from "./encryption.ts";

/** A JSON Web Key. */
export type Jwk = Readonly<Record<string, unknown>>;

export interface MerchantRecord {
  readonly id: MerchantId;
  readonly slot: number;
  readonly status: "active" | "suspended";
  /** In order of preference. */
  readonly gateways: readonly { readonly name: GatewayName; readonly account: string }[];
  /** Null: every currency that we take. */
  readonly currencies: readonly string[] | null;
  readonly rateLimitPerSecond: number;
}
export interface ClientRecord {
  readonly id: string;
  readonly merchantId: MerchantId;
  readonly status: "active" | "revoked";
  readonly secretHashes: readonly Uint8Array[];
  readonly scopes: readonly string[];
}
export interface SigningKeyRecord {
  readonly kid: string;
  readonly alg: string;
  readonly publicJwk: Jwk;
  /** Null: retired, or this store has no keys to open it. */
  readonly privateJwk: Jwk | null;
}
export interface AssignmentRecord {
  readonly shard: number;
  readonly node: string;
  readonly generation: bigint;
}
/** `shardOfSlot[slot]`, 4,096 entries. */
export interface SlotMapRecord {
  readonly version: bigint;
  readonly shardOfSlot: readonly number[];
}
export interface DirectorySnapshot {
  readonly shards: readonly { readonly id: number; readonly dsn: string; readonly state: string }[];
  /** The newest; null before the first. */
  readonly slotMap: SlotMapRecord | null;
  readonly merchants: readonly MerchantRecord[];
  readonly clients: readonly ClientRecord[];
  /** Newest first. */
  readonly signingKeys: readonly SigningKeyRecord[];
  readonly assignments: readonly AssignmentRecord[];
}

/** Where the private part of a signing key belongs. */
export const placeOfSigningKey = (kid: string): Buffer => Buffer.from(`signing_key\nsealed_private\n${kid}`, "utf8");

interface MerchantRow extends Omit<MerchantRecord, "id" | "rateLimitPerSecond"> {
  readonly id: Buffer;
  readonly rate_limit_per_second: number;
}
interface ClientRow {
  readonly id: string;
  readonly merchant_id: Buffer;
  readonly secret_hash: Buffer;
  readonly scopes: readonly string[];
  readonly revoked: boolean;
}
interface KeyRow {
  readonly kid: string;
  readonly alg: string;
  readonly public_jwk: Jwk;
  readonly sealed_private: Buffer;
  readonly retired: boolean;
}

/** Reads the snapshot on one connection. `dsn`: whose user and password open the shards too. */
export async function readDirectory(
  client: pg.ClientBase,
  dsn: string,
  envelope: Envelope | null,
): Promise<DirectorySnapshot> {
  await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  const shards = await client.query<{ id: number; location: string; state: string }>(
    "SELECT id, location, state FROM shard ORDER BY id",
  );
  const map = await client.query<{ version: string; shards: number[] }>(
    `SELECT version, array_agg(shard ORDER BY slot) AS shards FROM slot_map
      WHERE version = (SELECT max(version) FROM slot_map_version) GROUP BY version`,
  );
  const merchants = await client.query<MerchantRow>(
    `SELECT uuid_send(id) AS id, slot, status, gateways, currencies, rate_limit_per_second FROM merchant ORDER BY id`,
  );
  const clients = await client.query<ClientRow>(
    `SELECT id, uuid_send(merchant_id) AS merchant_id, secret_hash, scopes, revoked_at IS NOT NULL AS revoked
       FROM api_client ORDER BY id`,
  );
  const keys = await client.query<KeyRow>(
    `SELECT kid, alg, public_jwk, sealed_private, retired_at IS NOT NULL AS retired FROM signing_key ORDER BY created_at DESC, kid`,
  );
  const assignments = await client.query<{ shard: number; node: string; generation: string }>(
    "SELECT shard, node, generation FROM assignment ORDER BY shard",
  );
  await client.query("COMMIT");

  const url = new URL(dsn);
  const password = decodeURIComponent(url.password);
  const newest = map.rows[0];
  const openPrivate = (row: KeyRow): Jwk | null => {
    if (row.retired || envelope === null) return null;
    const plain = envelope.open(placeOfSigningKey(row.kid), row.sealed_private);
    return JSON.parse(Buffer.from(plain).toString("utf8")) as Jwk;
  };
  return {
    shards: shards.rows.map((r) => ({ id: r.id, dsn: dsnOfUser(r.location, url.username, password), state: r.state })),
    slotMap: newest === undefined ? null : { version: BigInt(newest.version), shardOfSlot: newest.shards },
    merchants: merchants.rows.map(({ rate_limit_per_second, id, ...rest }) => ({
      ...rest,
      id: idFromBytes("mer", id),
      rateLimitPerSecond: rate_limit_per_second,
    })),
    clients: clients.rows.map((r) => ({
      id: r.id,
      merchantId: idFromBytes("mer", r.merchant_id),
      status: r.revoked ? "revoked" : "active",
      secretHashes: [r.secret_hash],
      scopes: r.scopes,
    })),
    signingKeys: keys.rows.map((r) => ({
      kid: r.kid,
      alg: r.alg,
      publicJwk: r.public_jwk,
      privateJwk: openPrivate(r),
    })),
    assignments: assignments.rows.map((r) => ({ ...r, generation: BigInt(r.generation) })),
  };
}
