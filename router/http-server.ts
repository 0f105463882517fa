/**
 * The HTTP door of a node, on its main thread: accepts, admits, hands payments to shards, writes their answers.
 * Modes: serving -> draining (`drain`: no new connections, new requests get 503) -> closed.
 * The merchant's deadline is the actor's: it answers 202 in time. If even that does not come, the connection is
 * closed without an answer: nobody here knows then what became of the payment.
 */
import type { Clock, Log, Random, ShardReply, ShardRequest } from "../actors/index.ts";
import type { Directory } from "./directory.ts";
import type { RouterMetrics } from "./metrics.ts";
import { OpenExchanges } from "./open-exchanges.ts";
import { createAccessTokenIssuer, createAccessTokenVerifier } from "./oauth.ts";
import { createPresenter } from "./presenter.ts";
import { RequestDesk } from "./request-desk.ts";
import { TokenCache } from "./token-cache.ts";
import { createTokenEndpoint } from "./token-endpoint.ts";
import { listen } from "./uws-listen.ts";

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

/** Beyond the actors' deadline: time for batches on the way. */
const GRACE_MS = 2_000;

/** Starts the server. Rejects when the port is taken. Until its promise resolves, requests get 503. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { directory, clock, random, log, metrics, audience, tokenLifeS, clientSecretKey } = options;
  const exchanges = new OpenExchanges({
    presenter: createPresenter(),
    clock,
    log,
    metrics,
    giveUpMs: options.answerDeadlineMs + GRACE_MS,
    exposeGatewayTime: options.exposeGatewayTime,
  });
  const desk = new RequestDesk({
    directory,
    clock,
    random,
    log,
    exchanges,
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
      tokens: new TokenCache(verifier, directory, clock),
      tokenEndpoint: createTokenEndpoint({ directory, issuer: tokenIssuer, clock, clientSecretKey }),
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
