/** The naive service's process: told what it needs by its first message, says where it listens, ends with its parent. */
import pg from "pg";
import { createFixedLatencyGateway } from "../../../actors/gateways/index.ts";
import type { MerchantProfile } from "../../../actors/index.ts";
import { createPresenter, createRequestReader, startHttpServer } from "../../../router/index.ts";
import type { ClientEntry, MerchantEntry } from "../../../router/index.ts";
import { createVault, fileKeyProvider, openControlStore } from "../../../storage/index.ts";
import { EXTRA_SCHEMA } from "./rows.ts";
import { NaiveService } from "./service.ts";
import { clock, log, random } from "./surroundings.ts";

export interface NaiveSettings {
  /** The cluster's directory: merchants, clients and the keys that tokens are signed with. */
  readonly controlDsn: string;
  readonly keysFile: string;
  /** Its own database, with the shard schema; owner rights. */
  readonly dsn: string;
  /** Of the cluster's tokens, which this service takes too. */
  readonly issuer: string;
  readonly audience: string;
  readonly gatewayMs: number;
  readonly poolSize: number;
  readonly careful: boolean;
}

const NOT_STARTED_MS = 12_000;

async function serve(settings: NaiveSettings): Promise<string> {
  const control = openControlStore({ dsn: settings.controlDsn, who: "bench", log, keys: null });
  const directory = await control.loadDirectory();
  await control.close();
  const merchants = new Map<string, MerchantProfile & MerchantEntry>(directory.merchants.map((m) => [m.id, m]));
  const clients = new Map<string, ClientEntry>(directory.clients.map((client) => [client.id, client]));
  const pool = new pg.Pool({ connectionString: settings.dsn, max: settings.poolSize });
  pool.on("error", (error) => log.error({ error: error.message }, "connection lost"));
  await pool.query(EXTRA_SCHEMA);
  await pool.query("INSERT INTO naive_merchant (id) SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING", [
    await merchantIds(settings.controlDsn),
  ]);
  const service = new NaiveService({
    pool,
    careful: settings.careful,
    reader: createRequestReader(),
    presenter: createPresenter(),
    vault: createVault(fileKeyProvider(settings.keysFile)),
    gateway: createFixedLatencyGateway({ delayMs: settings.gatewayMs, clock }),
    merchants,
    clock,
    random,
  });
  const server = await startHttpServer({
    host: "127.0.0.1",
    port: 0,
    issuer: settings.issuer,
    audience: settings.audience,
    tokenLifeS: 3600,
    clientSecretKey: new Uint8Array(32), // tokens come from the cluster
    directory: {
      client: (id) => clients.get(id),
      merchant: (id) => merchants.get(id),
      signingKeys: directory.signingKeys,
      slotToShard: () => 0,
    },
    submit: (_shard, request) => void service.handle(copyOf(request)).then((reply) => server.answer([reply])),
    answerDeadlineMs: NOT_STARTED_MS,
    exposeGatewayTime: true,
    cursorKey: new Uint8Array(32), // it shows no lists
    replyCache: null,
    edgeRequestsPerSecond: null,
    documents: null,
    webhooks: null,
    clock,
    random,
    log,
    metrics: {
      requestEnded: () => undefined,
      requestDropped: () => undefined,
      noticesEnded: () => undefined,
      noticeAcknowledged: () => undefined,
    },
  });
  return server.url;
}

async function merchantIds(controlDsn: string): Promise<readonly string[]> {
  const client = new pg.Client({ connectionString: controlDsn });
  await client.connect();
  const { rows } = await client.query<{ id: string }>("SELECT id FROM merchant");
  await client.end();
  return rows.map((row) => row.id);
}

/** The body lies in memory that the server uses again. */
const copyOf = <R extends { readonly kind: string }>(request: R): R =>
  "body" in request && request.body instanceof Uint8Array ? { ...request, body: Buffer.from(request.body) } : request;

process.once("message", (settings: NaiveSettings) => {
  serve(settings).then(
    (url) => process.send?.({ kind: "ready", url }),
    (error: unknown) => {
      process.send?.({ kind: "failed", reason: String(error) });
      process.exitCode = 1;
      process.disconnect();
    },
  );
});
process.once("disconnect", () => process.exit());
