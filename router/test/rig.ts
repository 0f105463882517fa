/** A server with three merchants and a fake shard that reads bodies like a real one and remembers keys. */
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { mintId, refuse, type MerchantId, type Refusal, slotOfMerchant } from "../../actors/domain/index.ts";
import type { Clock, ShardReply, ShardRequest } from "../../actors/index.ts";
import {
  type ClientEntry,
  createPresenter,
  createRequestReader,
  type Directory,
  generateSigningKey,
  hashClientSecret,
  type HttpServer,
  type HttpServerOptions,
  type MerchantEntry,
  mintClientSecret,
  type SigningKeyEntry,
  startHttpServer,
} from "../index.ts";
import { RawClient } from "./raw-http.ts";

export const AUDIENCE = "https://api.example";
export const SECRET_KEY = Buffer.alloc(32, 7);

export const realClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};
export const realRandom = { bytes: (count: number): Uint8Array => randomBytes(count), fraction: () => Math.random() };

export interface TestClient extends ClientEntry {
  readonly secret: string;
}

/** A directory in memory that a test may change. */
export interface TestDirectory extends Directory {
  readonly clients: Map<string, TestClient>;
  readonly merchants: Map<string, MerchantEntry>;
  signingKeys: readonly SigningKeyEntry[];
  shardOf: (slot: number) => number | undefined;
  add(id: string, scopes: readonly string[], status?: MerchantEntry["status"]): TestClient;
}

export async function createTestDirectory(): Promise<TestDirectory> {
  const clients = new Map<string, TestClient>();
  const merchants = new Map<string, MerchantEntry>();
  const directory: TestDirectory = {
    clients,
    merchants,
    signingKeys: [await generateSigningKey()],
    shardOf: () => 0,
    client: (id) => clients.get(id),
    merchant: (id) => merchants.get(id),
    slotToShard: (slot) => directory.shardOf(slot),
    add(id, scopes, status = "active") {
      const merchantId: MerchantId = mintId("mer", 0, Date.now(), randomBytes(8));
      const secret = mintClientSecret(realRandom);
      const secretHashes = [hashClientSecret(secret, SECRET_KEY)];
      const client: TestClient = { id, merchantId, status: "active", scopes, secret, secretHashes };
      clients.set(id, client);
      merchants.set(merchantId, { id: merchantId, status, slot: slotOfMerchant(merchantId) });
      return client;
    },
  };
  return directory;
}

export interface TestServer {
  readonly server: HttpServer;
  readonly directory: TestDirectory;
  /** What the shard was asked, in order. */
  readonly submitted: ShardRequest[];
  /** Routes and statuses that were counted; a status of 0: dropped. */
  readonly counted: (readonly [route: string, status: number])[];
  /** When set, requests wait here instead of being answered. */
  hold: ShardRequest[] | null;
  /** Answers one held request with 201. */
  release(request: ShardRequest): void;
  token(clientId: string): Promise<string>;
}

/** Starts a server with the clients `writer`, `reader`, `suspended` and `other`. */
export async function startTestServer(options: Partial<HttpServerOptions> = {}): Promise<TestServer> {
  const directory = await createTestDirectory();
  const all = ["payments:read", "payments:write"];
  directory.add("writer", all);
  directory.add("other", all);
  directory.add("reader", ["payments:read"]);
  directory.add("suspended", all, "suspended");
  const reader = createRequestReader();
  const presenter = createPresenter();
  const replies = new Map<string, { readonly fingerprint: string; readonly body: Uint8Array }>();
  const submitted: ShardRequest[] = [];
  const counted: (readonly [string, number])[] = [];

  const reply = (ticket: number, status: number, body: Uint8Array, more: Partial<ShardReply> = {}): ShardReply => ({
    ticket,
    status,
    body,
    problem: status >= 400,
    code: null,
    replayed: false,
    retryAfterS: null,
    location: null,
    gatewayMs: null,
    ...more,
  });
  const refusal = (request: ShardRequest, why: Refusal, status: number): ShardReply =>
    reply(request.ticket, status, presenter.refusal(why, request.requestId), { code: why.code });
  const decide = (request: ShardRequest): ShardReply => {
    if (request.kind === "getPayment") return refusal(request, refuse("not_found", "a shard's own words"), 404);
    const read = reader.readCreatePayment(request.body, request.idempotencyKey);
    if ("kind" in read) return refusal(request, read, statuses[read.code] ?? 422);
    const fingerprint = Buffer.from(read.fingerprint).toString("hex");
    const before = replies.get(request.merchantId + request.idempotencyKey);
    if (before !== undefined && before.fingerprint !== fingerprint)
      return refusal(request, refuse("idempotency_key_reuse", "other body"), 422);
    if (before !== undefined) return reply(request.ticket, 201, before.body, { replayed: true });
    const body = Buffer.from(
      JSON.stringify({ description: read.description, metadata: JSON.parse(read.metadataJson) as unknown }),
    );
    replies.set(request.merchantId + request.idempotencyKey, { fingerprint, body });
    return reply(request.ticket, 201, body, { gatewayMs: 12.5 });
  };

  const rig: TestServer = {
    directory,
    submitted,
    counted,
    hold: null,
    release: (request) => rig.server.answer([decide(request)]),
    async token(clientId) {
      const { secret } = directory.clients.get(clientId) as TestClient;
      const form = `grant_type=client_credentials&client_id=${clientId}&client_secret=${secret}`;
      const connection = await RawClient.connect(rig.server.port);
      connection.send(
        `POST /oauth/token HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${form.length}\r\n\r\n${form}`,
      );
      const answer = await connection.read();
      connection.close();
      return (JSON.parse(answer?.body.toString() ?? "{}") as { access_token: string }).access_token;
    },
    server: await startHttpServer({
      host: "127.0.0.1",
      port: 0,
      issuer: null,
      audience: AUDIENCE,
      tokenLifeS: 3600,
      clientSecretKey: SECRET_KEY,
      directory,
      submit(_shard, request) {
        submitted.push(request);
        if (rig.hold !== null) rig.hold.push(request);
        else setImmediate(() => rig.server.answer([decide(request)]));
      },
      answerDeadlineMs: 10_000,
      exposeGatewayTime: false,
      clock: realClock,
      random: realRandom,
      log: { info() {}, warn() {}, error() {} },
      metrics: {
        requestEnded: (route, status) => counted.push([route, status]),
        requestDropped: (route) => counted.push([route, 0]),
      },
      ...options,
    }),
  };
  return rig;
}

/** Statuses that a shard answers its refusals with; the rest are 422. */
const statuses: Readonly<Record<string, number>> = {
  invalid_json: 400,
  duplicate_field: 400,
  invalid_idempotency_key: 400,
};
