/**
 * The control database: the cluster's directory and who was given which shard. Never on the way of a payment: when it
 * does not answer, nodes go on with what they know. Each change writes its line of the audit trail in one transaction.
 */
import type pg from "pg";
import { SLOT_COUNT, bytesOfId } from "../actors/domain/index.ts";
import type { Log } from "../actors/index.ts";
import { appendAudit, findBrokenAudit } from "./audit.ts";
import type { AuditEntry } from "./audit.ts";
import { inTransaction, openControlSessions } from "./control-sessions.ts";
import { placeOfSigningKey, readDirectory } from "./directory.ts";
import type { DirectorySnapshot, Jwk, MerchantRecord, SlotMapRecord } from "./directory.ts";
import { createEnvelope } from "./encryption.ts";
import type { KeyProvider } from "./key-provider.ts";

export interface ControlStoreOptions {
  readonly dsn: string;
  /** Who appears in the audit trail: a node or a person. */
  readonly who: string;
  readonly log: Log;
  /** Opens and seals signing keys; null: private parts stay closed. */
  readonly keys: KeyProvider | null;
  readonly statementTimeoutMs?: number;
}

/** Everything throws PaymentClusterError(STORAGE_UNAVAILABLE) when the database refuses or does not answer. */
export interface ControlStore {
  loadDirectory(): Promise<DirectorySnapshot>;
  /** These three return false, and change nothing, when the id is taken. `reason`: for the audit trail. */
  addMerchant(merchant: Omit<MerchantRecord, "status">, reason?: string): Promise<boolean>;
  addClient(
    client: {
      readonly id: string;
      readonly merchantId: MerchantRecord["id"];
      readonly secretHash: Uint8Array;
      readonly scopes: readonly string[];
    },
    reason?: string,
  ): Promise<boolean>;
  addSigningKey(key: {
    readonly kid: string;
    readonly alg: string;
    readonly publicJwk: Jwk;
    readonly privateJwk: Jwk;
  }): Promise<boolean>;
  /** A suspended merchant's requests are refused from the next refresh on. False: unknown, or so already. */
  setMerchantStatus(id: MerchantRecord["id"], status: MerchantRecord["status"], reason: string): Promise<boolean>;
  /** Its tokens are refused from the next refresh on. False: unknown, or revoked before. */
  revokeClient(id: string, reason: string): Promise<boolean>;
  /** Stores a version that is not there yet; false: it is. */
  saveSlotMap(map: SlotMapRecord, reason: string): Promise<boolean>;
  /** Id of the first audit row that does not fit its chain. */
  findBrokenAudit(): Promise<bigint | undefined>;
  close(): Promise<void>;
}

const because = (reason: string | undefined): { readonly reason?: string } => (reason === undefined ? {} : { reason });

/** Opens the store; nothing is connected before the first call. */
export function openControlStore(options: ControlStoreOptions): ControlStore {
  const statementTimeoutMs = options.statementTimeoutMs ?? 2_000;
  const { using, close } = openControlSessions({
    dsn: options.dsn,
    applicationName: `paycluster:control:${options.who}`,
    max: 2,
    connectMs: 2_000,
    statementMs: statementTimeoutMs,
    log: options.log,
  });
  const envelope = options.keys === null ? null : createEnvelope(options.keys);

  /** One change and its trace; nothing is traced when `change` says that nothing changed. */
  function changing(
    trace: Omit<AuditEntry, "who">,
    change: (client: pg.PoolClient) => Promise<boolean>,
  ): Promise<boolean> {
    return using((client) =>
      inTransaction(client, async () => {
        const changed = await change(client);
        if (changed) await appendAudit(client, { who: options.who, ...trace });
        return changed;
      }),
    );
  }
  const didChange = (result: pg.QueryResult): boolean => (result.rowCount ?? 0) > 0;

  return {
    loadDirectory: () => using((client) => readDirectory(client, options.dsn, envelope)),
    addMerchant: (merchant, reason) =>
      changing({ action: "merchant.add", subject: merchant.id, ...because(reason) }, async (client) =>
        didChange(
          await client.query(
            `INSERT INTO merchant (id, slot, gateways, currencies, rate_limit_per_second)
             VALUES (encode($1::bytea, 'hex')::uuid, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
            [
              Buffer.from(bytesOfId(merchant.id)),
              merchant.slot,
              JSON.stringify(merchant.gateways),
              merchant.currencies,
              merchant.rateLimitPerSecond,
            ],
          ),
        ),
      ),
    setMerchantStatus: (id, status, reason) =>
      changing({ action: "merchant.set_status", subject: id, reason, after: status }, async (client) =>
        didChange(
          await client.query(
            "UPDATE merchant SET status = $2 WHERE id = encode($1::bytea, 'hex')::uuid AND status <> $2",
            [Buffer.from(bytesOfId(id)), status],
          ),
        ),
      ),
    addClient: (client, reason) =>
      changing(
        { action: "client.add", subject: client.id, after: client.scopes.join(" "), ...because(reason) },
        async (connection) =>
          didChange(
            await connection.query(
              `INSERT INTO api_client (id, merchant_id, secret_hash, scopes)
             VALUES ($1, encode($2::bytea, 'hex')::uuid, $3, $4) ON CONFLICT DO NOTHING`,
              [client.id, Buffer.from(bytesOfId(client.merchantId)), Buffer.from(client.secretHash), client.scopes],
            ),
          ),
      ),
    addSigningKey: (key) =>
      changing({ action: "signing_key.add", subject: key.kid }, async (client) => {
        if (envelope === null) throw new Error("no keys to seal with");
        const sealed = envelope.seal(placeOfSigningKey(key.kid), Buffer.from(JSON.stringify(key.privateJwk), "utf8"));
        return didChange(
          await client.query(
            "INSERT INTO signing_key (kid, alg, public_jwk, sealed_private) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            [key.kid, key.alg, JSON.stringify(key.publicJwk), Buffer.from(sealed)],
          ),
        );
      }),
    revokeClient: (id, reason) =>
      changing({ action: "client.revoke", subject: id, reason }, async (client) =>
        didChange(
          await client.query(
            "UPDATE api_client SET revoked_at = clock_timestamp() WHERE id = $1 AND revoked_at IS NULL",
            [id],
          ),
        ),
      ),
    saveSlotMap: (map, reason) =>
      changing({ action: "slot_map.save", subject: String(map.version), reason }, async (client) => {
        if (map.shardOfSlot.length !== SLOT_COUNT) throw new Error(`a slot map has ${SLOT_COUNT} slots`);
        const version = await client.query(
          "INSERT INTO slot_map_version (version, reason) VALUES ($1, $2) ON CONFLICT DO NOTHING",
          [map.version, reason],
        );
        if (!didChange(version)) return false;
        await client.query(
          `INSERT INTO slot_map (version, slot, shard)
           SELECT $1, ordinal - 1, shard FROM unnest($2::int4[]) WITH ORDINALITY AS m(shard, ordinal)`,
          [map.version, map.shardOfSlot],
        );
        return true;
      }),
    findBrokenAudit: () => using((client) => findBrokenAudit(client)),
    close,
  };
}
