/**
 * The HTTP door of a node, on its main thread: accepts, admits, hands payments to shards, writes their answers.
 * Modes: serving -> draining (`drain`: no new connections, new requests get 503) -> closed.
 * The merchant's deadline is the actor's: it answers 202 in time. If even that does not come, the connection is
 * closed without an answer: nobody here knows then what became of the payment.
 */
import type { Clock, Log, Random, ShardReply, ShardRequest } from "../actors/index.ts";
import { AddressLimit } from "./address-limit.ts";
import type { ServedDocument } from "./answers.ts";
import type { Directory } from "./directory.ts";
import { createListCursors } from "./list-cursors.ts";
import { MerchantRates } from "./merchant-rates.ts";
import type { RouterMetrics } from "./metrics.ts";
import { OpenExchanges } from "./open-exchanges.ts";
import { createAccessTokenIssuer, createAccessTokenVerifier } from "./oauth.ts";
import { createPresenter } from "./presenter.ts";
import type { ReplyCache } from "./reply-cache.ts";
import { RequestDesk } from "./request-desk.ts";
import { TokenCache } from "./token-cache.ts";
import { createTokenEndpoint } from "./token-endpoint.ts";
import { listen } from "./uws-listen.ts";
import { type NoticeIntake, WebhookDoor } from "./webhooks.ts";

export interface HttpServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** URL of the service as clients see it; null: the address that it listens on. */
  readonly issuer: string | null;
  readonly audience: string;
  /** At most 3,600. */
  readonly tokenLifeS: number;
  /** Key of the stored hashes of client secrets. */
  readonly clientSecretKey: Uint8Array;
  readonly directory: Directory;
  /** Takes one request for a shard. `body` shares its buffer with other requests: copy it, never transfer it. */
  submit(shard: number, request: ShardRequest): void;
  /** The actors answer within this time; two seconds later the router gives up on the connection. */
  readonly answerDeadlineMs: number;
  /** Tells how long the gateway took, in the header Gateway-Time-Ms: for benchmarks. */
  readonly exposeGatewayTime: boolean;
  /** Signs the cursors of lists, 32 bytes: the key that the shards' presenters were given. */
  readonly cursorKey: Uint8Array;
  /** Answers repeats without their shards; null: nobody does. */
  readonly replyCache: ReplyCache | null;
  /** Requests that one client address may send in a second; null: any number, as behind a proxy of our own. */
  readonly edgeRequestsPerSecond: number | null;
  /** Makes the description of the API and its page. `url`: of the service as clients see it. Null: their paths are unknown. */
  readonly documents: ((url: string) => { readonly openapi: ServedDocument; readonly docs: ServedDocument }) | null;
  /** Takes the notifications of gateways. Null, or no reader for a gateway: its path is unknown. */
  readonly webhooks: NoticeIntake | null;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: RouterMetrics;
}

export interface HttpServer {
  readonly port: number;
  readonly url: string;
  /** Requests that were taken and not answered yet. */
  readonly openCount: number;
  /** Writes what shards decided. Replies to requests whose client left are dropped. */
  answer(replies: readonly ShardReply[]): void;
  /** Stops accepting, refuses new requests with 503, waits for those that run at most `withinMs`, then closes. */
  drain(withinMs: number): Promise<void>;
  /** Ends every connection now. */
  close(): void;
}

/**
 * A good choice for `edgeRequestsPerSecond`: more than the largest merchant sends from one address, less than what takes
 * a node down.
 */
export const EDGE_REQUESTS_PER_SECOND = 20_000;

/** Beyond the actors' deadline: time for batches on the way. */
const GRACE_MS = 2_000;

/** Starts the server. Rejects when the port is taken. Until its promise resolves, requests get 503. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { directory, clock, random, log, metrics, audience, tokenLifeS, clientSecretKey } = options;
  const { replyCache, edgeRequestsPerSecond } = options;
  const rates = new MerchantRates();
  const exchanges = new OpenExchanges({
    presenter: createPresenter(),
    clock,
    log,
    metrics,
    giveUpMs: options.answerDeadlineMs + GRACE_MS,
    exposeGatewayTime: options.exposeGatewayTime,
    replyCache,
    rates,
  });
  const desk = new RequestDesk({
    directory,
    clock,
    random,
    log,
    exchanges,
    cursors: createListCursors(options.cursorKey),
    replyCache,
    rates,
    addressLimit: edgeRequestsPerSecond === null ? null : new AddressLimit(edgeRequestsPerSecond),
    webhooks: new WebhookDoor({ intake: options.webhooks, exchanges, clock, log, metrics }),
    submit: (shard, request) => options.submit(shard, request),
  });
  const listener = await listen(options.host, options.port, (response, request) => desk.onRequest(response, request));
  const host = options.host.includes(":") ? `[${options.host}]` : options.host;
  const url = `http://${host}:${listener.port}`;
  const issuer = options.issuer ?? url;
  const close = () => {
    desk.stop();
    exchanges.stopWatch();
    listener.close();
  };
  try {
    const tokenOptions = { directory, clock, random, issuer, audience, tokenLifeS };
    const tokenIssuer = await createAccessTokenIssuer(tokenOptions);
    const verifier = await createAccessTokenVerifier(tokenOptions);
    desk.serve({
      issuer,
      documents: options.documents === null ? null : options.documents(issuer),
      tokens: new TokenCache(verifier, directory, clock),
      tokenEndpoint: createTokenEndpoint({ directory, issuer: tokenIssuer, clock, log, clientSecretKey }),
    });
    exchanges.watch();
  } catch (error) {
    close();
    throw error;
  }
  return {
    port: listener.port,
    url,
    get openCount() {
      return exchanges.size;
    },
    answer: (replies) => exchanges.answer(replies),
    async drain(withinMs) {
      desk.stop();
      listener.stopListening();
      await exchanges.drain(withinMs);
      close();
    },
    close,
  };
}
