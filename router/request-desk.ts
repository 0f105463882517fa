/**
 * Takes each request as it arrives: reads its head once, refuses what the head alone condemns, finds who asks, and
 * hands it to the endpoint of its route. Nothing here waits but for a body and for a token seen for the first time.
 */
import type { HttpRequest, HttpResponse } from "uWebSockets.js";
import { type MerchantId, type Refusal, refuse } from "../actors/domain/index.ts";
import type { Clock, Log, Random, ShardRequest } from "../actors/index.ts";
import type { AddressLimit } from "./address-limit.ts";
import * as admission from "./admission.ts";
import { type Answer, answerCached, answerDocument, answerToken, JSON_TYPE, type ServedDocument } from "./answers.ts";
import { type CachedRequest, isCached, questionOf } from "./cache-questions.ts";
import type { Directory, MerchantEntry } from "./directory.ts";
import { checkEdge } from "./edge-checks.ts";
import { Exchange } from "./exchange.ts";
import type { ListCursors } from "./list-cursors.ts";
import type { MerchantRates } from "./merchant-rates.ts";
import { jwksJson, type Principal } from "./oauth.ts";
import type { OpenExchanges } from "./open-exchanges.ts";
import type { ReplyCache } from "./reply-cache.ts";
import { type RequestHead, readHead } from "./request-head.ts";
import { createRequestIds } from "./request-ids.ts";
import { matchRoute, type Route, type RouteName } from "./routes.ts";
import { type ShardRouteName, toShardRequest } from "./shard-requests.ts";
import { stateMachineJson } from "./state-machine.ts";
import type { TokenCache } from "./token-cache.ts";
import { authorizationServerJson, type TokenEndpoint } from "./token-endpoint.ts";
import { isWebhookRoute, WEBHOOK_WEIGHT, type WebhookDoor } from "./webhooks.ts";

export interface RequestDeskOptions {
  readonly directory: Directory;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly exchanges: OpenExchanges;
  readonly cursors: ListCursors;
  /** Null: repeats are answered by their shards. */
  readonly replyCache: ReplyCache | null;
  readonly rates: MerchantRates;
  /** Null: no address is limited. */
  readonly addressLimit: AddressLimit | null;
  readonly webhooks: WebhookDoor;
  submit(shard: number, request: ShardRequest): void;
}

/** What must be ready before the first request can be served. */
interface Service {
  readonly issuer: string;
  /** Null: there is none, and its path is answered like an unknown one. */
  readonly documents: { readonly openapi: ServedDocument; readonly docs: ServedDocument } | null;
  readonly tokens: TokenCache;
  readonly tokenEndpoint: TokenEndpoint;
}

/** A request for a route that exists. `segment`: the variable one of its path, as it came. */
interface Call {
  readonly exchange: Exchange;
  readonly route: Route;
  readonly head: RequestHead;
  readonly query: string;
  readonly segment: string;
}

const DOCUMENT_MAX_AGE_S = 300;
const NO_BODY = new Uint8Array(0);
/** Without a budget: merchants are known by their tokens, and their bodies are small. */
const BODY_LIMIT = { maxBytes: admission.BODY_MAX_BYTES, budget: null } as const;
const UNKNOWN_PATH = refuse("not_found", "There is no such path.");
const NO_OWNER = refuse("shard_unavailable", "No node owns the merchant's shard just now.");
const ADDRESS_LIMITED = refuse("rate_limited", "This address sends too many requests.", { retryAfterS: 1 });

export class RequestDesk {
  readonly #options: RequestDeskOptions;
  readonly #exchanges: OpenExchanges;
  readonly #nextRequestId: () => string;
  #lastTicket = 0;
  /** Null before `serve` and after `stop`. */
  #service: Service | null = null;
  #documents: { readonly [N in RouteName]?: () => Answer } = {};

  constructor(options: RequestDeskOptions) {
    this.#options = options;
    this.#exchanges = options.exchanges;
    this.#nextRequestId = createRequestIds(options.random);
  }

  /** From now on requests are served. */
  serve(service: Service): void {
    const json = (body: string) => answerDocument({ contentType: JSON_TYPE, body, csp: null }, DOCUMENT_MAX_AGE_S);
    const metadata = json(authorizationServerJson(service.issuer));
    const stateMachine = json(stateMachineJson());
    this.#documents = {
      authorization_server: () => metadata,
      state_machine: () => stateMachine,
      jwks: () => json(jwksJson(this.#options.directory)),
    };
    if (service.documents !== null) {
      const openapi = answerDocument(service.documents.openapi, DOCUMENT_MAX_AGE_S);
      const docs = answerDocument(service.documents.docs, DOCUMENT_MAX_AGE_S);
      this.#documents = { ...this.#documents, openapi: () => openapi, docs: () => docs };
    }
    this.#service = service;
  }

  /** From now on requests get 503 and lose their connection. Those that run are not touched. */
  stop(): void {
    this.#service = null;
  }

  onRequest(response: HttpResponse, request: HttpRequest): void {
    const method = request.getCaseSensitiveMethod();
    const path = request.getUrl();
    const query = request.getQuery() ?? "";
    const head = readHead(request);
    const match = matchRoute(method, path);
    const edge = checkEdge(path, query, head.count, match.kind === "route" && match.segment === "");
    const exchange = new Exchange(
      response,
      {
        ticket: ++this.#lastTicket,
        requestId: this.#nextRequestId(),
        route: match.kind === "route" ? match.route.name : "none",
        receivedAtMs: this.#options.clock.monotonicMs(),
        isHead: method === "HEAD",
      },
      (aborted) => this.#exchanges.abort(aborted),
    );
    const { addressLimit, webhooks } = this.#options;
    const isWebhook = match.kind === "route" && isWebhookRoute(match.route.name);
    const weight = isWebhook ? WEBHOOK_WEIGHT : edge.weight;
    if (addressLimit?.take(exchange.remoteAddress, exchange.receivedAtMs, weight) === false)
      return this.#refuse(exchange, ADDRESS_LIMITED);
    const misframed = admission.checkFraming(head);
    if (misframed !== null) return this.#refuseAlone(exchange, misframed);
    if (edge.refusal !== null) return this.#refuse(exchange, edge.refusal);
    // What a gateway puts into its headers is not ours to judge, and a refused notification comes again for days.
    const card = isWebhook ? admission.checkCardDataInUrl(path, query) : admission.checkCardData(path, query, head);
    if (card !== null) return this.#refuse(exchange, card);
    if (match.kind === "unknown") return this.#refuse(exchange, UNKNOWN_PATH);
    if (match.kind === "wrongMethod") {
      const wrong = refuse("method_not_allowed", `This path answers ${match.allow}.`);
      return this.#refuse(exchange, wrong, { allow: match.allow });
    }
    const service = this.#service;
    if (service === null)
      return this.#refuse(exchange, refuse("shard_unavailable", "This node is starting or stopping."), { close: true });
    const { route, segment } = match;
    const document = this.#documents[route.name];
    if (document !== undefined) return this.#exchanges.write(exchange, document());
    if (isWebhook) return webhooks.take(exchange, route.name, head);
    const call: Call = { exchange, route, head, query, segment };
    if (route.name === "token") this.#issueToken(call, service.tokenEndpoint);
    else if (route.scope === null) this.#refuse(exchange, UNKNOWN_PATH);
    else this.#authenticate(call, service.tokens);
  }

  /** A known token goes on at once; a new one is verified while the body arrives. */
  #authenticate(call: Call, tokens: TokenCache): void {
    const { exchange, head, route } = call;
    const token = admission.readBearer(head.authorization);
    if (typeof token !== "string") return this.#refuse(exchange, token);
    const principal = tokens.principalOf(token);
    this.#exchanges.add(exchange);
    const hasBody = route.method === "POST";
    if (!(principal instanceof Promise)) {
      const merchant = this.#authorize(exchange, route, principal);
      if (merchant === null) return;
      if (hasBody) this.#readBody(call, merchant.id, (body) => this.#dispatch(call, merchant, body));
      else this.#dispatch(call, merchant, NO_BODY);
      return;
    }
    let body: Uint8Array | null = hasBody ? null : NO_BODY;
    let merchant: MerchantEntry | null = null;
    const dispatchWhenBoth = () => {
      if (merchant !== null && body !== null && exchange.isOpen) this.#dispatch(call, merchant, body);
    };
    if (hasBody)
      this.#readBody(call, null, (read) => {
        body = read;
        dispatchWhenBoth();
      });
    void principal.then((verified) => {
      if (!exchange.isOpen) return;
      merchant = this.#authorize(exchange, route, verified);
      dispatchWhenBoth();
    });
  }

  /** Null: refused. Who asks is known even then, so it counts for them. */
  #authorize(exchange: Exchange, route: Route, principal: Principal | null): MerchantEntry | null {
    const verdict = admission.authorize(principal, route, this.#options.directory);
    if (verdict.kind === "merchant") return verdict.merchant;
    this.#refuse(exchange, verdict);
    if (principal !== null) this.#count(exchange, principal.merchantId);
    return null;
  }

  /**
   * Hands over the body once it is here, or refuses what is too large: then nothing more is read. `merchantId`: for whom
   * it counts then, if that is known.
   */
  #readBody(call: Call, merchantId: MerchantId | null, done: (body: Uint8Array) => void): void {
    const tooLarge = () => {
      this.#refuse(call.exchange, admission.BODY_TOO_LARGE, { close: true });
      if (merchantId !== null) this.#count(call.exchange, merchantId);
    };
    if (admission.isDeclaredTooLarge(call.head, BODY_LIMIT.maxBytes)) return tooLarge();
    call.exchange.readBody(BODY_LIMIT, (body) => (typeof body === "string" ? tooLarge() : done(body)));
  }

  #dispatch(call: Call, merchant: MerchantEntry, body: Uint8Array): void {
    const { exchange, route, head, query, segment } = call;
    const { ticket, requestId, receivedAtMs } = exchange;
    const { clock, cursors, replyCache } = this.#options;
    const handedOverAtMs = clock.monotonicMs();
    const request = toShardRequest(
      route.name as ShardRouteName, // the other routes ask for no token and ended before
      { ticket, requestId, receivedAtMs, handedOverAtMs, merchant, head, query, segment, body },
      cursors,
    );
    if (request.kind === "refusal") {
      this.#refuse(exchange, request);
      this.#count(exchange, merchant.id);
    } else if (replyCache !== null && isCached(request)) this.#lookUp(call, merchant, request, replyCache);
    else this.#submit(exchange, merchant, request);
  }

  /**
   * A finished reply that is known already is given at once; its shard only counts the request. What may be over the
   * merchant's rate is for the shard to answer, if there is one.
   */
  #lookUp(call: Call, merchant: MerchantEntry, request: CachedRequest, cache: ReplyCache): void {
    const { exchange, route } = call;
    const { rates, clock, directory } = this.#options;
    const question = questionOf(route, request);
    const ask = () => {
      exchange.question = question;
      this.#submit(exchange, merchant, request);
    };
    const isForShard = () =>
      !rates.mayAnswer(merchant.id, clock.monotonicMs()) && directory.slotToShard(merchant.slot) !== undefined;
    if (isForShard()) return ask();
    cache.look(question, (reply) => {
      if (!exchange.isOpen) return; // the client left: nothing was begun
      if (reply === null || isForShard()) return ask();
      this.#exchanges.write(exchange, answerCached(reply, rates.take(merchant.id, clock.monotonicMs())));
      this.#count(exchange, merchant.id);
    });
  }

  #submit(exchange: Exchange, merchant: MerchantEntry, request: ShardRequest): void {
    const shard = this.#options.directory.slotToShard(merchant.slot);
    exchange.merchantId = merchant.id;
    if (shard === undefined) this.#refuse(exchange, NO_OWNER);
    else this.#options.submit(shard, request);
  }

  /** Tells the merchant's shard of a request that it did not see. Where it has no owner just now, nobody counts. */
  #count({ ticket, requestId, receivedAtMs }: Exchange, merchantId: MerchantId): void {
    const { directory } = this.#options;
    const merchant = directory.merchant(merchantId);
    const shard = merchant === undefined ? undefined : directory.slotToShard(merchant.slot);
    if (shard === undefined) return;
    this.#options.submit(shard, { kind: "count", ticket, requestId, merchantId, receivedAtMs, rate: null });
  }

  #issueToken(call: Call, tokenEndpoint: TokenEndpoint): void {
    const { exchange, head } = call;
    const { authorization, contentType } = head;
    const { remote } = exchange;
    this.#exchanges.add(exchange);
    this.#readBody(call, null, (body) => {
      tokenEndpoint({ authorization, contentType, body, remote }).then(
        (token) => this.#exchanges.write(exchange, answerToken(token)),
        (error: unknown) => {
          this.#options.log.error({ requestId: exchange.requestId, error: String(error) }, "no token could be issued");
          this.#refuse(exchange, refuse("internal_error", ""));
        },
      );
    });
  }

  /**
   * Refuses a request that may hide another one behind it. The library serves what came in the same packet even after an
   * answer that closes, unless the answer is still due: then it ends the connection.
   */
  #refuseAlone(exchange: Exchange, refusal: Refusal): void {
    this.#exchanges.add(exchange);
    this.#options.clock.after(0, () => this.#refuse(exchange, refusal, { close: true }));
  }

  #refuse(exchange: Exchange, refusal: Refusal, more: Partial<Pick<Answer, "allow" | "close">> = {}): void {
    this.#exchanges.refuse(exchange, refusal, more);
  }
}
