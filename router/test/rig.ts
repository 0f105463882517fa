/** A server with four merchants and a fake shard. */
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { mintId, type MerchantId, slotOfMerchant } from "../../actors/domain/index.ts";
import type { Clock, RateState, ShardRequest } from "../../actors/index.ts";
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
  SCOPES,
  type SigningKeyEntry,
  startHttpServer,
} from "../index.ts";
import { FakeShard } from "./fake-shard.ts";
import { RawClient } from "./raw-http.ts";

export const AUDIENCE = "https://api.example";
export const SECRET_KEY = Buffer.alloc(32, 7);
export const CURSOR_KEY = Buffer.alloc(32, 9);

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
  /** What became of notices of gateways, and of how many. */
  readonly noticed: (readonly [gateway: string, result: string, count: number])[];
  /** Gateways whose deliveries were acknowledged. */
  readonly acknowledged: string[];
  /** When set, requests wait here instead of being answered. */
  hold: ShardRequest[] | null;
  /** What replies say of the merchant's rate. */
  rate: RateState | null;
  /** Answers one held request. */
  release(request: ShardRequest): void;
  token(clientId: string): Promise<string>;
}

/** Starts a server with the clients `writer`, `reader`, `suspended` and `other`. */
export async function startTestServer(options: Partial<HttpServerOptions> = {}): Promise<TestServer> {
  const directory = await createTestDirectory();
  directory.add("writer", SCOPES);
  directory.add("other", SCOPES);
  directory.add("reader", ["payments:read"]);
  directory.add("suspended", SCOPES, "suspended");
  const reader = createRequestReader();
  const presenter = createPresenter({ cursorKey: CURSOR_KEY });
  const shard = new FakeShard(reader, presenter);
  const submitted: ShardRequest[] = [];
  const counted: (readonly [string, number])[] = [];
  const noticed: (readonly [string, string, number])[] = [];
  const acknowledged: string[] = [];
  const answer = (request: ShardRequest): void => {
    const reply = shard.decide(request);
    if (reply !== null) rig.server.answer([{ ...reply, rate: rig.rate }]);
  };

  const rig: TestServer = {
    directory,
    submitted,
    counted,
    noticed,
    acknowledged,
    hold: null,
    rate: null,
    release: answer,
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
        else setImmediate(() => answer(request));
      },
      cursorKey: CURSOR_KEY,
      replyCache: null,
      edgeRequestsPerSecond: null,
      documents: null,
      webhooks: null,
      answerDeadlineMs: 10_000,
      exposeGatewayTime: false,
      clock: realClock,
      random: realRandom,
      log: { info() {}, warn() {}, error() {} },
      metrics: {
        requestEnded: (route, status) => counted.push([route, status]),
        requestDropped: (route) => counted.push([route, 0]),
        noticesEnded: (gateway, result, count) => noticed.push([gateway, result, count]),
        noticeAcknowledged: (gateway) => acknowledged.push(gateway),
      },
      ...options,
    }),
  };
  return rig;
}
