/**
 * Sends webhooks to addresses that merchants chose, so it trusts nobody: addresses are judged where the socket is opened,
 * a redirect is an answer like any other, bodies are counted and thrown away, and the time is total.
 */
import { createRequire } from "node:module";
import type { buildConnector, Client } from "undici";
import type { Clock } from "../ports/world.ts";
import { createCheckedLookup, createNameResolver, type ResolveName } from "./checked-lookup.ts";
import { type EndpointRules, PUBLIC_ENDPOINTS, readEndpointUrl, SANDBOX_ENDPOINTS } from "./endpoint-url.ts";
import { SocketPool } from "./socket-pool.ts";
import type { WebhookOutcome } from "./webhook-outcome.ts";
import { WebhookTry, type WebhookTryLimits } from "./webhook-try.ts";

export interface WebhookRequest {
  readonly url: string;
  /** Ours, never a merchant's: what `signedHeaders` gives. */
  readonly headers: Readonly<Record<string, string>>;
  /** The exact bytes that were signed. */
  readonly body: Uint8Array;
  /** Its receiver answers at once: half of the sockets are for such. */
  readonly isQuick: boolean;
}

export interface WebhookSender {
  /** One POST, sent once. Never throws or rejects: every end is a value. */
  send(request: WebhookRequest): Promise<WebhookOutcome>;
  /** Ends what is on its way as `closed`, and all that comes later. */
  close(): Promise<void>;
}

export interface WebhookSenderOptions {
  /** The sandbox: receivers on this machine, plain HTTP, any port. */
  readonly allowLoopback: boolean;
  readonly clock: Clock;
  /** From now to the last byte of the answer. */
  readonly timeoutMs?: number;
  /** Of the body; a longer one is cut off, and its status counts. */
  readonly answerBytesMax?: number;
  /** For tests that are their own name server. */
  readonly resolve?: ResolveName;
  /** For each origin; one more is `busy`. */
  readonly originSocketsMax?: number;
  /** In all; one more is `busy`. */
  readonly socketsMax?: number;
}

const TIMEOUT_MS = 10_000;
/** Longer than the resolver may take, so that a dead name server is told from a dead receiver. */
const CONNECT_TIMEOUT_MS = 5_000;
const ANSWER_BYTES_MAX = 16_384;
const ORIGIN_SOCKETS_MAX = 8;
const SOCKETS_MAX = 256;
/** Idle sockets end after this, also when the receiver offers more. */
const IDLE_MS = 4_000;
/** A busy socket is replaced after this: its name may have moved. */
const SOCKET_AGE_MAX_MS = 60_000;
const HEADERS = { "content-type": "application/json", "user-agent": "payment-cluster-webhooks/1" } as const;

/** Opens nothing before the first request. */
export function createWebhookSender(options: WebhookSenderOptions): WebhookSender {
  return new Sender(options);
}

interface Undici {
  readonly Client: typeof Client;
  readonly buildConnector: typeof buildConnector;
}
/** Loaded on demand: a thread that only checks URLs does not carry it. */
const loadUndici = (): Undici => createRequire(import.meta.url)("undici") as Undici;

class Sender implements WebhookSender {
  readonly #clock: Clock;
  readonly #limits: WebhookTryLimits;
  readonly #rules: EndpointRules;
  readonly #sockets: SocketPool<Client>;
  readonly #open = new Set<WebhookTry>();
  #closed = false;

  constructor(options: WebhookSenderOptions) {
    this.#clock = options.clock;
    this.#limits = {
      timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
      answerBytesMax: options.answerBytesMax ?? ANSWER_BYTES_MAX,
    };
    this.#rules = options.allowLoopback ? SANDBOX_ENDPOINTS : PUBLIC_ENDPOINTS;
    const sockets = {
      originMax: options.originSocketsMax ?? ORIGIN_SOCKETS_MAX,
      allMax: options.socketsMax ?? SOCKETS_MAX,
      ageMaxMs: SOCKET_AGE_MAX_MS,
    };
    this.#sockets = new SocketPool(sockets, options.clock.monotonicMs, clientsWith(this.#rules, options.resolve));
  }

  send(request: WebhookRequest): Promise<WebhookOutcome> {
    const url = readEndpointUrl(request.url, this.#rules); // a literal address asks no look-up: it is judged here
    if (typeof url === "string") {
      const reason = url === "address" ? "address_not_allowed" : "url_not_allowed";
      return Promise.resolve({ kind: "refused", reason });
    }
    if (this.#closed) return Promise.resolve({ kind: "failed", reason: "closed" });
    const taken = this.#sockets.take(url.origin, request.isQuick);
    if (taken === null) return Promise.resolve({ kind: "failed", reason: "busy" });
    const headers = { ...HEADERS, ...request.headers };
    return new Promise((resolve) => {
      const one = new WebhookTry(this.#clock, this.#limits, resolve, (reusable) => {
        this.#open.delete(one);
        taken.giveBack(reusable);
      });
      this.#open.add(one);
      try {
        taken.socket.dispatch({ path: url.path, method: "POST", headers, body: request.body }, one);
      } catch (error) {
        one.drop(error);
      }
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const one of this.#open) one.fail("closed");
    await this.#sockets.close();
  }
}

/** Opens clients for an origin. One connector for all, so that TLS sessions are resumed; it follows no proxy. */
function clientsWith(rules: EndpointRules, resolve: ResolveName | undefined): (origin: string) => Client {
  const undici = loadUndici();
  const connect = undici.buildConnector({
    timeout: CONNECT_TIMEOUT_MS,
    lookup: createCheckedLookup(rules, resolve ?? createNameResolver()),
    autoSelectFamily: true,
    rejectUnauthorized: true, // whatever the environment says
    allowH2: false,
  });
  return (origin) =>
    new undici.Client(origin, {
      connect,
      pipelining: 1,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS,
      headersTimeout: 0, // idle time-outs: a slow drip never trips them, ours is total
      bodyTimeout: 0,
    });
}
