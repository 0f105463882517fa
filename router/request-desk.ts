/**
 * Takes each request as it arrives: reads its head once, refuses what the head alone condemns, finds who asks, and
 * hands it to the endpoint of its route. Nothing here waits but for a body and for a token seen for the first time.
 */
import type { HttpRequest, HttpResponse } from "uWebSockets.js";
import { parseId, type Refusal, refuse } from "../actors/domain/index.ts";
import type { Clock, Log, Random, ShardRequest } from "../actors/index.ts";
import * as admission from "./admission.ts";
import { type Answer, answerDocument, answerToken } from "./answers.ts";
import type { Directory, MerchantEntry } from "./directory.ts";
import { Exchange } from "./exchange.ts";
import { jwksJson } from "./oauth.ts";
import type { OpenExchanges } from "./open-exchanges.ts";
import { type RequestHead, readHead } from "./request-head.ts";
import { createRequestIds } from "./request-ids.ts";
import { matchRoute, type Route, type RouteName } from "./routes.ts";
import { stateMachineJson } from "./state-machine.ts";
import type { TokenCache } from "./token-cache.ts";
import { authorizationServerJson, type TokenEndpoint } from "./token-endpoint.ts";

export interface RequestDeskOptions {
  readonly directory: Directory;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly exchanges: OpenExchanges;
  submit(shard: number, request: ShardRequest): void;
}

/** What must be ready before the first request can be served. */
interface Service {
  readonly issuer: string;
  readonly tokens: TokenCache;
  readonly tokenEndpoint: TokenEndpoint;
}

/** A request for a route that exists. `id`: last segment of the path, for routes with one. */
interface Call {
  readonly exchange: Exchange;
  readonly route: Route;
  readonly head: RequestHead;
  readonly id: string;
}

const DOCUMENT_MAX_AGE_S = 300;
const NO_BODY = new Uint8Array(0);

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
    const metadata = answerDocument(authorizationServerJson(service.issuer), DOCUMENT_MAX_AGE_S);
    const stateMachine = answerDocument(stateMachineJson(), DOCUMENT_MAX_AGE_S);
    this.#documents = {
      authorization_server: () => metadata,
      state_machine: () => stateMachine,
      jwks: () => answerDocument(jwksJson(this.#options.directory), DOCUMENT_MAX_AGE_S),
    };
    this.#service = service;
  }

  /** From now on requests get 503 and lose their connection. Those that run are not touched. */
  stop(): void {
    this.#service = null;
  }

  onRequest(response: HttpResponse, request: HttpRequest): void {
    const method = request.getCaseSensitiveMethod();
    const path = request.getUrl();
    const head = readHead(request);
    const match = matchRoute(method, path);
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
    const misframed = admission.checkFraming(head);
    if (misframed !== null) return this.#refuse(exchange, misframed, { close: true });
    const card = admission.checkCardData(path, request.getQuery() ?? "", head);
    if (card !== null) return this.#refuse(exchange, card);
    if (match.kind === "unknown") return this.#refuse(exchange, refuse("not_found", "There is no such path."));
    if (match.kind === "wrongMethod") {
      const wrong = refuse("method_not_allowed", `This path answers ${match.allow}.`);
      return this.#refuse(exchange, wrong, { allow: match.allow });
    }
    const service = this.#service;
    if (service === null)
      return this.#refuse(exchange, refuse("shard_unavailable", "This node is starting or stopping."), { close: true });
    const call: Call = { exchange, route: match.route, head, id: match.id };
    const document = this.#documents[match.route.name];
    if (document !== undefined) this.#exchanges.write(exchange, document());
    else if (match.route.name === "token") this.#issueToken(call, service.tokenEndpoint);
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
      const verdict = admission.authorize(principal, route, this.#options.directory);
      if (verdict.kind === "refusal") this.#refuse(exchange, verdict);
      else if (hasBody) this.#readBody(call, (body) => this.#dispatch(call, verdict.merchant, body));
      else this.#dispatch(call, verdict.merchant, NO_BODY);
      return;
    }
    let body: Uint8Array | null = hasBody ? null : NO_BODY;
    let merchant: MerchantEntry | null = null;
    const dispatchWhenBoth = () => {
      if (merchant !== null && body !== null && exchange.isOpen) this.#dispatch(call, merchant, body);
    };
    if (hasBody)
      this.#readBody(call, (read) => {
        body = read;
        dispatchWhenBoth();
      });
    void principal.then((verified) => {
      if (!exchange.isOpen) return;
      const verdict = admission.authorize(verified, route, this.#options.directory);
      if (verdict.kind === "refusal") return this.#refuse(exchange, verdict);
      merchant = verdict.merchant;
      dispatchWhenBoth();
    });
  }

  /** Hands over the body once it is here, or refuses what is too large: then nothing more is read. */
  #readBody(call: Call, done: (body: Uint8Array) => void): void {
    const tooLarge = () => this.#refuse(call.exchange, admission.BODY_TOO_LARGE, { close: true });
    if (admission.isDeclaredTooLarge(call.head)) return tooLarge();
    call.exchange.readBody((body) => (body === "too_large" ? tooLarge() : done(body)));
  }

  #dispatch(call: Call, merchant: MerchantEntry, body: Uint8Array): void {
    const request =
      call.route.name === "create_payment"
        ? toCreate(call, merchant, body, this.#options.clock.monotonicMs())
        : toGet(call, merchant);
    if (request.kind === "refusal") return this.#refuse(call.exchange, request);
    const shard = this.#options.directory.slotToShard(merchant.slot);
    if (shard === undefined)
      return this.#refuse(call.exchange, refuse("shard_unavailable", "No node owns the merchant's shard just now."));
    this.#options.submit(shard, request);
  }

  #issueToken(call: Call, tokenEndpoint: TokenEndpoint): void {
    const { exchange, head } = call;
    const { authorization, contentType } = head;
    const { remote } = exchange;
    this.#exchanges.add(exchange);
    this.#readBody(call, (body) => {
      tokenEndpoint({ authorization, contentType, body, remote }).then(
        (token) => this.#exchanges.write(exchange, answerToken(token)),
        (error: unknown) => {
          this.#options.log.error({ requestId: exchange.requestId, error: String(error) }, "no token could be issued");
          this.#refuse(exchange, refuse("internal_error", ""));
        },
      );
    });
  }

  #refuse(exchange: Exchange, refusal: Refusal, more: Partial<Pick<Answer, "allow" | "close">> = {}): void {
    this.#exchanges.refuse(exchange, refusal, more);
  }
}

function toCreate(
  { exchange, head }: Call,
  merchant: MerchantEntry,
  body: Uint8Array,
  handedOverAtMs: number,
): ShardRequest | Refusal {
  const wrongType = admission.checkJsonBody(head);
  if (wrongType !== null) return wrongType;
  const idempotencyKey = admission.readIdempotencyKey(head);
  if (typeof idempotencyKey !== "string") return idempotencyKey;
  const { ticket, requestId, receivedAtMs } = exchange;
  return {
    kind: "createPayment",
    ticket,
    requestId,
    merchantId: merchant.id,
    idempotencyKey,
    body,
    receivedAtMs,
    handedOverAtMs,
  };
}

/**
 * Always for the asking merchant's shard, whatever slot the id carries: a foreign id takes the same way, and the same
 * time, as an unknown one.
 */
function toGet({ exchange, id }: Call, merchant: MerchantEntry): ShardRequest | Refusal {
  const paymentId = parseId("pay", id);
  if (paymentId === undefined) return refuse("not_found", "There is no such payment.");
  const { ticket, requestId } = exchange;
  return { kind: "getPayment", ticket, requestId, merchantId: merchant.id, paymentId };
}
